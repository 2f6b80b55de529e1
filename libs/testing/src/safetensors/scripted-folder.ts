import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SCRIPTED_CHAT_TEMPLATE } from '../gguf/chat-template.js';
import { SCRIPTED_SHAPE, scriptedModel, scriptedTokenizer } from '../gguf/scripted-model.js';
import type { Tensor } from '../gguf/tensor.js';
import { END_OF_TURN } from '../gguf/tokenizer.js';
import { bytePairTokenizer } from './byte-pair-tokenizer.js';
import { writeSafetensors } from './write-safetensors.js';

/** What a GGUF calls a tensor, and what Hugging Face's Llama does. */
const TOP_NAMES: Readonly<Record<string, string>> = {
  'token_embd.weight': 'model.embed_tokens.weight',
  'output_norm.weight': 'model.norm.weight',
  'output.weight': 'lm_head.weight',
};
const LAYER_NAMES: Readonly<Record<string, string>> = {
  attn_norm: 'input_layernorm',
  attn_q: 'self_attn.q_proj',
  attn_k: 'self_attn.k_proj',
  attn_v: 'self_attn.v_proj',
  attn_output: 'self_attn.o_proj',
  ffn_norm: 'post_attention_layernorm',
  ffn_gate: 'mlp.gate_proj',
  ffn_up: 'mlp.up_proj',
  ffn_down: 'mlp.down_proj',
};

/** Writes the scripted model as a folder of safetensors; its words and tokens are those of the GGUF. */
export async function writeScriptedFolder(folder: string): Promise<void> {
  const tokenizer = scriptedTokenizer();
  const end = tokenizer.idOf(END_OF_TURN);
  const files = {
    'config.json': llamaConfig(end),
    'generation_config.json': { eos_token_id: end, pad_token_id: tokenizer.idOf('<|pad|>') },
    'tokenizer.json': bytePairTokenizer(tokenizer),
    'tokenizer_config.json': {
      tokenizer_class: 'PreTrainedTokenizerFast',
      eos_token: END_OF_TURN,
      pad_token: '<|pad|>',
      model_max_length: SCRIPTED_SHAPE.context,
      clean_up_tokenization_spaces: false,
      chat_template: SCRIPTED_CHAT_TEMPLATE,
    },
  };
  for (const [name, content] of Object.entries(files)) {
    await writeFile(join(folder, name), JSON.stringify(content));
  }
  const tensors = scriptedModel().tensors.map((tensor): Tensor => ({ ...tensor, name: nameOf(tensor) }));
  await writeSafetensors(join(folder, 'model.safetensors'), tensors);
}

function llamaConfig(end: number): object {
  const { vocabulary, context, dimensions, feedForward, layers, heads, keyValueHeads } = SCRIPTED_SHAPE;
  return {
    architectures: ['LlamaForCausalLM'],
    model_type: 'llama',
    torch_dtype: 'float32',
    vocab_size: vocabulary,
    hidden_size: dimensions,
    intermediate_size: feedForward,
    num_hidden_layers: layers,
    num_attention_heads: heads,
    num_key_value_heads: keyValueHeads,
    head_dim: dimensions / heads,
    max_position_embeddings: context,
    rms_norm_eps: 1e-5,
    rope_theta: 10_000,
    hidden_act: 'silu',
    tie_word_embeddings: false,
    bos_token_id: null,
    eos_token_id: end,
  };
}

function nameOf({ name }: Tensor): string {
  const [, layer, part] = /^blk\.(\d+)\.(\w+)\.weight$/.exec(name) ?? [];
  const own = part === undefined ? undefined : LAYER_NAMES[part];
  const known = own === undefined ? TOP_NAMES[name] : `model.layers.${layer}.${own}.weight`;
  if (known === undefined) throw new Error(`Nobody has said what ${name} is called in safetensors.`);
  return known;
}
