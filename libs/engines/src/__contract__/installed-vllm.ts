import { join } from 'node:path';
import { CACHE } from '#testing';
import { describe } from 'vitest';
import { findVllm } from '../vllm/find-vllm.js';
import { VllmEngine } from '../vllm/vllm-engine.js';

/**
 * Runs a suite with the vllm that is `VLLM_SERVER_PATH`, else the one that `npm test vllm` keeps, else the PATH's; on a
 * machine without one it is skipped. One engine serves the whole file, because a probe takes long.
 */
export function withInstalledVllm(suite: (engine: VllmEngine) => void): void {
  const searchPath = [join(CACHE, 'vllm', 'current', 'bin'), process.env['PATH'] ?? ''].join(':');
  const binary = findVllm({ binary: process.env['VLLM_SERVER_PATH'], searchPath });
  describe.skipIf(binary === undefined)('With a vLLM on this machine', () => {
    suite(new VllmEngine({ binary: binary ?? 'vllm', environment: process.env }));
  });
}
