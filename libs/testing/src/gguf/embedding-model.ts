import { bool, f32, i32s, string, strings, u32, type Metadata } from './metadata.js';
import { constant, noise, type FillRow, type Tensor } from './tensor.js';
import { writeGguf, type Gguf } from './write-gguf.js';

/** Length of the vectors that the embedding model gives. */
export const EMBEDDING_DIMENSIONS = 64;
/** Longest input of the embedding model, in tokens, its two frame tokens included. */
export const EMBEDDING_CONTEXT = 512;

const FEED_FORWARD = 128;
const LAYERS = 2;
const HEADS = 4;

/** Sizes of both models. */
export const EMBEDDING_SHAPE = {
  dimensions: EMBEDDING_DIMENSIONS,
  context: EMBEDDING_CONTEXT,
  feedForward: FEED_FORWARD,
  layers: LAYERS,
} as const;

/** Header entries name these by position. */
const SPECIAL = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'];
const WORDS =
  'the of and to in is that it for on with as at by this be are from or have not but they which you we all can will time new good work hello world weather paris rome cat dog ship harbour dock';
const MEAN_POOLING = 1;
const RANK_POOLING = 4;

/**
 * Writes a tiny BERT with mean pooling. The weights are random, so its vectors know nothing of meaning; equal texts get
 * equal vectors and different texts different ones.
 */
export async function writeEmbeddingModel(path: string): Promise<void> {
  await writeGguf(path, embeddingModel());
}

/**
 * Writes the same with a head that ranks: one number for a query and a text. They mean nothing, but are always the same
 * for the same two.
 */
export async function writeRerankingModel(path: string): Promise<void> {
  await writeGguf(path, rerankingModel());
}

export function embeddingModel(): Gguf {
  const tokens = wordPieces();
  return { metadata: bertMetadata(tokens), tensors: bertTensors(tokens.length) };
}

export function rerankingModel(): Gguf {
  const { metadata, tensors } = embeddingModel();
  const size = EMBEDDING_DIMENSIONS;
  return {
    metadata: {
      ...metadata,
      'general.name': string('reranker'),
      'bert.pooling_type': u32(RANK_POOLING),
      'bert.classifier.output_labels': strings(['LABEL_0']),
    },
    tensors: [...tensors, ...linear('cls', [size, size], 900), ...linear('cls.output', [size, 1], 901)],
  };
}

/** Pieces that start a word carry U+2581; pieces that continue one are bare. */
export function wordPieces(): readonly string[] {
  const characters = Array.from('abcdefghijklmnopqrstuvwxyz0123456789.,!?\'"-:;()');
  const starts = [...characters, ...WORDS.split(' ')].map((text) => `\u2581${text}`);
  return [...SPECIAL, ...starts, ...characters];
}

function bertMetadata(tokens: readonly string[]): Metadata {
  return {
    'general.architecture': string('bert'),
    'general.name': string('embedding'),
    'general.file_type': u32(0),
    'bert.context_length': u32(EMBEDDING_CONTEXT),
    'bert.embedding_length': u32(EMBEDDING_DIMENSIONS),
    'bert.block_count': u32(LAYERS),
    'bert.feed_forward_length': u32(FEED_FORWARD),
    'bert.attention.head_count': u32(HEADS),
    'bert.attention.layer_norm_epsilon': f32(1e-12),
    'bert.attention.causal': bool(false),
    'bert.pooling_type': u32(MEAN_POOLING),
    'tokenizer.ggml.model': string('bert'),
    'tokenizer.ggml.pre': string('default'),
    'tokenizer.ggml.tokens': strings(tokens),
    'tokenizer.ggml.token_type': i32s(tokens.map((_, id) => (id < SPECIAL.length ? 3 : 1))),
    'tokenizer.ggml.token_type_count': u32(2),
    'tokenizer.ggml.padding_token_id': u32(0),
    'tokenizer.ggml.unknown_token_id': u32(1),
    'tokenizer.ggml.cls_token_id': u32(2),
    'tokenizer.ggml.bos_token_id': u32(2),
    'tokenizer.ggml.seperator_token_id': u32(3),
    'tokenizer.ggml.eos_token_id': u32(3),
    'tokenizer.ggml.mask_token_id': u32(4),
    'tokenizer.ggml.add_bos_token': bool(true),
    'tokenizer.ggml.add_eos_token': bool(true),
  };
}

function bertTensors(vocabulary: number): Tensor[] {
  const size = EMBEDDING_DIMENSIONS;
  return [
    tensor('token_embd.weight', [size, vocabulary], noise(1, 1)),
    tensor('token_types.weight', [size, 2], noise(0.15, 2)),
    tensor('position_embd.weight', [size, EMBEDDING_CONTEXT], noise(0.05, 3)),
    ...norm('token_embd_norm'),
    ...Array.from({ length: LAYERS }, (_, layer) => layerTensors(layer)).flat(),
  ];
}

function layerTensors(layer: number): Tensor[] {
  const size = EMBEDDING_DIMENSIONS;
  const name = (part: string): string => `blk.${layer}.${part}`;
  const seed = 100 * (layer + 1);
  return [
    ...['attn_q', 'attn_k', 'attn_v', 'attn_output'].flatMap((part, place) =>
      linear(name(part), [size, size], seed + place),
    ),
    ...norm(name('attn_output_norm')),
    ...linear(name('ffn_up'), [size, FEED_FORWARD], seed + 4),
    ...linear(name('ffn_down'), [FEED_FORWARD, size], seed + 5),
    ...norm(name('layer_output_norm')),
  ];
}

function linear(name: string, shape: readonly [number, number], seed: number): Tensor[] {
  return [
    tensor(`${name}.weight`, shape, noise(0.15, seed)),
    tensor(`${name}.bias`, [shape[1]], constant(0)),
  ];
}

function norm(name: string): Tensor[] {
  return [
    tensor(`${name}.weight`, [EMBEDDING_DIMENSIONS], constant(1)),
    tensor(`${name}.bias`, [EMBEDDING_DIMENSIONS], constant(0)),
  ];
}

function tensor(name: string, shape: readonly [number, ...number[]], fill: FillRow): Tensor {
  return { name, type: 'F32', shape, fill };
}
