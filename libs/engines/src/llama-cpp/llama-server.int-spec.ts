import { describeEngineContract } from '../__contract__/engine-contract.js';
import { installedLlamaServer } from '../__contract__/installed-llama-server.js';
import { LlamaServerEngine } from './llama-server-engine.js';

describeEngineContract(
  'llama-server',
  () => new LlamaServerEngine({ binary: installedLlamaServer(), environment: process.env }),
);
