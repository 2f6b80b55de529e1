import { describeHardFailures } from '../__contract__/hard-failures-contract.js';
import { EmbeddedLlamaEngine } from './embedded-llama-engine.js';

describeHardFailures('EmbeddedLlamaEngine', {
  createEngine: (program) =>
    new EmbeddedLlamaEngine({ environment: process.env, gpu: 'off', hostEntry: `${program}.mjs` }),
  format: 'gguf',
  outOfMemory: 'ggml_backend_cpu_buffer_type_alloc_buffer: failed to allocate buffer of size 1073741824',
});
