import { expect, it } from 'vitest';
import { vllmEnvironment } from './environment.js';

it('passes on what concerns the machine, and neither secrets nor settings of vLLM', () => {
  const environment = vllmEnvironment({
    PATH: '/bin',
    CUDA_VISIBLE_DEVICES: '1',
    VLLM_CPU_KVCACHE_SPACE: '4',
    VLLM_API_KEY: 'x',
    HF_TOKEN: 'secret',
    LONGSHORE_REDIS_URL: 'redis://secret',
    HF_HUB_OFFLINE: '0',
  });
  expect(environment).toMatchObject({ PATH: '/bin', CUDA_VISIBLE_DEVICES: '1', VLLM_CPU_KVCACHE_SPACE: '4' });
  expect(JSON.stringify(environment)).not.toMatch(/secret|API_KEY/);
  expect(environment).toMatchObject({ HF_HUB_OFFLINE: '1', VLLM_NO_USAGE_STATS: '1', DO_NOT_TRACK: '1' });
});
