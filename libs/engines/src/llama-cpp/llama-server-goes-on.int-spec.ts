import { describeGoingOn, FURTHER_REQUESTS } from '../__contract__/going-on-contract.js';
import { installedLlamaServer } from '../__contract__/installed-llama-server.js';
import { LlamaServerEngine } from './llama-server-engine.js';

describeGoingOn(
  'llama-server',
  () => new LlamaServerEngine({ binary: installedLlamaServer(), environment: process.env }),
  FURTHER_REQUESTS,
);
