import { describeHardFailures } from '../__contract__/hard-failures-contract.js';
import { findSglang } from './find-sglang.js';
import { SglangEngine } from './sglang-engine.js';

describeHardFailures('SGLang', {
  createEngine: (path) => {
    const program = findSglang({ program: path });
    if (program === undefined) throw new Error('The stand-in is not found.');
    return new SglangEngine({ program, environment: process.env });
  },
  format: 'safetensors',
  outOfMemory: 'RuntimeError: Not enough memory. Please try to increase --mem-fraction-static.',
});
