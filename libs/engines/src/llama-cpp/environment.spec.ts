import { expect, it } from 'vitest';
import { engineEnvironment } from './environment.js';

it('passes on what concerns the machine and nothing that changes the engine', () => {
  const ours = {
    PATH: '/usr/bin',
    HOME: '/home/x',
    CUDA_VISIBLE_DEVICES: '1',
    ASCEND_RT_VISIBLE_DEVICES: '0',
    LLAMA_ARG_CTX_SIZE: '7',
    LLAMA_API_KEY: 'k',
    LONGSHORE_API_KEYS: 'secret',
    HF_TOKEN: 'secret',
    UNSET: undefined,
  };
  expect(engineEnvironment(ours)).toEqual({
    PATH: '/usr/bin',
    HOME: '/home/x',
    CUDA_VISIBLE_DEVICES: '1',
    ASCEND_RT_VISIBLE_DEVICES: '0',
    GGML_NO_BACKTRACE: '1',
  });
});
