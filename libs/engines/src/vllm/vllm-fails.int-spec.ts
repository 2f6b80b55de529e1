import { describeHardFailures } from '../__contract__/hard-failures-contract.js';
import { VllmEngine } from './vllm-engine.js';

describeHardFailures('vLLM', {
  createEngine: (binary) => new VllmEngine({ binary, environment: process.env }),
  format: 'safetensors',
  outOfMemory: 'torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB.',
});
