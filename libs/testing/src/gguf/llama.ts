import { f32, string, u32, type Metadata } from './metadata.js';
import { constant, FILE_TYPE_NUMBER, noise, type FillRow, type Tensor, type TensorType } from './tensor.js';

/** Sizes of a model of the llama architecture. */
export interface LlamaShape {
  readonly name: string;
  readonly vocabulary: number;
  /** Tokens it was trained for, or so it says. */
  readonly context: number;
  readonly dimensions: number;
  readonly feedForward: number;
  readonly layers: number;
  readonly heads: number;
  readonly keyValueHeads: number;
  readonly type: TensorType;
}

/** What fills the matrices; the norms are all ones. */
export interface LlamaWeights {
  readonly embedding: FillRow;
  readonly output: FillRow;
  /** What each layer adds to the residual stream: `attn_output` and `ffn_down`. */
  readonly residual: (seed: number) => FillRow;
}

export function llamaMetadata(shape: LlamaShape): Metadata {
  return {
    'general.architecture': string('llama'),
    'general.name': string(shape.name),
    'general.file_type': u32(FILE_TYPE_NUMBER[shape.type]),
    'llama.vocab_size': u32(shape.vocabulary),
    'llama.context_length': u32(shape.context),
    'llama.embedding_length': u32(shape.dimensions),
    'llama.block_count': u32(shape.layers),
    'llama.feed_forward_length': u32(shape.feedForward),
    'llama.attention.head_count': u32(shape.heads),
    'llama.attention.head_count_kv': u32(shape.keyValueHeads),
    'llama.attention.layer_norm_rms_epsilon': f32(1e-5),
    'llama.rope.dimension_count': u32(shape.dimensions / shape.heads),
    'llama.rope.freq_base': f32(10_000),
  };
}

export function llamaTensors(shape: LlamaShape, weights: LlamaWeights): Tensor[] {
  const { vocabulary, dimensions, type } = shape;
  return [
    { name: 'token_embd.weight', type, shape: [dimensions, vocabulary], fill: weights.embedding },
    { name: 'output_norm.weight', type: 'F32', shape: [dimensions], fill: constant(1) },
    { name: 'output.weight', type, shape: [dimensions, vocabulary], fill: weights.output },
    ...Array.from({ length: shape.layers }, (_, layer) => layerTensors(shape, weights, layer)).flat(),
  ];
}

function layerTensors(shape: LlamaShape, weights: LlamaWeights, layer: number): Tensor[] {
  const { dimensions, feedForward, type } = shape;
  const keyValue = (dimensions / shape.heads) * shape.keyValueHeads;
  const seed = 100 * (layer + 1);
  const norm = (name: string): Tensor => ({
    name: `blk.${layer}.${name}.weight`,
    type: 'F32',
    shape: [dimensions],
    fill: constant(1),
  });
  const matrix = (name: string, size: readonly [number, number], fill: FillRow): Tensor => ({
    name: `blk.${layer}.${name}.weight`,
    type,
    shape: size,
    fill,
  });
  const inner = (place: number): FillRow => noise(1 / Math.sqrt(dimensions), seed + place);
  return [
    norm('attn_norm'),
    matrix('attn_q', [dimensions, dimensions], inner(1)),
    matrix('attn_k', [dimensions, keyValue], inner(2)),
    matrix('attn_v', [dimensions, keyValue], inner(3)),
    matrix('attn_output', [dimensions, dimensions], weights.residual(seed + 4)),
    norm('ffn_norm'),
    matrix('ffn_gate', [dimensions, feedForward], inner(5)),
    matrix('ffn_up', [dimensions, feedForward], inner(6)),
    matrix('ffn_down', [feedForward, dimensions], weights.residual(seed + 7)),
  ];
}
