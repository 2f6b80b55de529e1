import { describeHardFailures } from '../__contract__/hard-failures-contract.js';
import { LlamaServerEngine } from './llama-server-engine.js';

describeHardFailures('llama-server', {
  createEngine: (binary) => new LlamaServerEngine({ binary, environment: process.env }),
  format: 'gguf',
  outOfMemory: 'ggml_backend_cpu_buffer_type_alloc_buffer: failed to allocate buffer of size 1073741824',
});
