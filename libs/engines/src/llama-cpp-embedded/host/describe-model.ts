import type { LlamaModel } from 'node-llama-cpp';
import { vocabularySize } from './prompt-tokens.js';

/** The answer of `GET /v1/models`. */
export function describeModel(model: LlamaModel, alias: string, contextSize: number): object {
  return {
    object: 'list',
    data: [
      {
        id: alias,
        aliases: [alias],
        object: 'model',
        created: Math.floor(Date.now() / 1000),
        owned_by: 'llamacpp',
        meta: {
          n_vocab: vocabularySize(model),
          n_ctx: contextSize,
          n_ctx_train: model.trainContextSize,
          n_embd: model.embeddingVectorSize,
          size: model.size,
        },
      },
    ],
  };
}
