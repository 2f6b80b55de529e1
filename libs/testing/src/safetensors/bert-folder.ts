import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { embeddingModel, EMBEDDING_SHAPE, rerankingModel, wordPieces } from '../gguf/embedding-model.js';
import { renameTensors } from './rename-tensors.js';
import { wordPieceTokenizer } from './word-piece-tokenizer.js';
import { writeSafetensors } from './write-safetensors.js';

/** What a GGUF calls the parts of a BERT, and what Hugging Face's does. */
const NAMES = {
  token_embd: 'embeddings.word_embeddings',
  token_types: 'embeddings.token_type_embeddings',
  position_embd: 'embeddings.position_embeddings',
  token_embd_norm: 'embeddings.LayerNorm',
};
const LAYER_NAMES = {
  attn_q: 'attention.self.query',
  attn_k: 'attention.self.key',
  attn_v: 'attention.self.value',
  attn_output: 'attention.output.dense',
  attn_output_norm: 'attention.output.LayerNorm',
  ffn_up: 'intermediate.dense',
  ffn_down: 'output.dense',
  layer_output_norm: 'output.LayerNorm',
};
const LAYER_FOLDER = 'encoder.layer';

/** The smallest that vLLM computes with on a processor; the GGUF has smaller heads and more of them. */
const HEAD_SIZE = 32;

/** Writes the tiny BERT with mean pooling as a folder of safetensors. */
export async function writeEmbeddingFolder(folder: string): Promise<void> {
  const pooling = join(folder, '1_Pooling');
  await mkdir(pooling);
  await writeJson(join(pooling, 'config.json'), {
    word_embedding_dimension: EMBEDDING_SHAPE.dimensions,
    pooling_mode_cls_token: false,
    pooling_mode_mean_tokens: true,
  });
  await writeJson(join(folder, 'modules.json'), [
    { idx: 0, name: '0', path: '', type: 'sentence_transformers.models.Transformer' },
    { idx: 1, name: '1', path: '1_Pooling', type: 'sentence_transformers.models.Pooling' },
  ]);
  await writeBert(folder, { architectures: ['BertModel'] });
  const tensors = renameTensors(embeddingModel().tensors, {
    names: NAMES,
    layers: LAYER_FOLDER,
    layerNames: LAYER_NAMES,
  });
  await writeSafetensors(join(folder, 'model.safetensors'), tensors);
}

/** Writes the tiny BERT with a head that ranks as a folder of safetensors. */
export async function writeRerankingFolder(folder: string): Promise<void> {
  const labels = { id2label: { '0': 'relevance' }, label2id: { relevance: 0 } };
  await writeBert(folder, { architectures: ['BertForSequenceClassification'], ...labels });
  const inBert = Object.entries({ ...NAMES, cls: 'pooler.dense' }).map(([ours, theirs]) => [
    ours,
    `bert.${theirs}`,
  ]);
  const names = { ...(Object.fromEntries(inBert) as Record<string, string>), 'cls.output': 'classifier' };
  const tensors = renameTensors(rerankingModel().tensors, {
    names,
    layers: `bert.${LAYER_FOLDER}`,
    layerNames: LAYER_NAMES,
  });
  await writeSafetensors(join(folder, 'model.safetensors'), tensors);
}

async function writeBert(folder: string, more: object): Promise<void> {
  const { dimensions, context, feedForward, layers } = EMBEDDING_SHAPE;
  const pieces = wordPieces();
  const config = {
    model_type: 'bert',
    torch_dtype: 'float32',
    vocab_size: pieces.length,
    hidden_size: dimensions,
    intermediate_size: feedForward,
    num_hidden_layers: layers,
    num_attention_heads: dimensions / HEAD_SIZE,
    max_position_embeddings: context,
    type_vocab_size: 2,
    hidden_act: 'gelu',
    layer_norm_eps: 1e-12,
    pad_token_id: 0,
    ...more,
  };
  const special = {
    unk_token: '[UNK]',
    sep_token: '[SEP]',
    pad_token: '[PAD]',
    cls_token: '[CLS]',
    mask_token: '[MASK]',
  };
  await writeJson(join(folder, 'config.json'), config);
  await writeJson(join(folder, 'tokenizer.json'), wordPieceTokenizer(pieces));
  await writeJson(join(folder, 'tokenizer_config.json'), {
    tokenizer_class: 'PreTrainedTokenizerFast',
    model_max_length: context,
    ...special,
  });
}

function writeJson(path: string, content: unknown): Promise<void> {
  return writeFile(path, JSON.stringify(content));
}
