import { EMBEDDING_CONTEXT, fixtureModel } from '#testing';
import { installedLlamaServer } from '../__contract__/installed-llama-server.js';
import { describeReranking } from '../__contract__/reranking-contract.js';
import { LlamaServerEngine } from './llama-server-engine.js';

describeReranking('llama-server', {
  createEngine: () => new LlamaServerEngine({ binary: installedLlamaServer(), environment: process.env }),
  files: async () => ({ format: 'gguf', weights: await fixtureModel('reranker') }),
  contextSize: EMBEDDING_CONTEXT,
});
