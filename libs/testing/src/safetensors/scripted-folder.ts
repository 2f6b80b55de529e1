import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SCRIPTED_CHAT_TEMPLATE } from '../gguf/chat-template.js';
import { SCRIPTED_SHAPE, scriptedModel, scriptedTokenizer } from '../gguf/scripted-model.js';
import { END_OF_TURN } from '../gguf/tokenizer.js';
import { bytePairTokenizer } from './byte-pair-tokenizer.js';
import { renameTensors } from './rename-tensors.js';
import { writeSafetensors } from './write-safetensors.js';

/** What a GGUF calls a tensor, and what Hugging Face's Llama does. */
const NAMES = {
  token_embd: 'model.embed_tokens',
  output_norm: 'model.norm',
  output: 'lm_head',
};
const LAYER_NAMES = {
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
  const names = { names: NAMES, layers: 'model.layers', layerNames: LAYER_NAMES };
  await writeSafetensors(join(folder, 'model.safetensors'), renameTensors(scriptedModel().tensors, names));
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
