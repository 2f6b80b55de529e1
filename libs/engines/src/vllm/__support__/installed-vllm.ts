import { join } from 'node:path';
import { CACHE } from '#testing';
import { describe, it } from 'vitest';
import { findVllm } from '../find-vllm.js';
import { VllmEngine } from '../vllm-engine.js';

/**
 * Runs a suite with the vllm that is `VLLM_SERVER_PATH`, else the one that `npm test vllm` keeps, else the PATH's.
 * On a machine without one a skipped test says so. One engine serves the whole file, because a probe takes long.
 */
export function withInstalledVllm(suite: (engine: VllmEngine) => void): void {
  const searchPath = [join(CACHE, 'vllm', 'current', 'bin'), process.env['PATH'] ?? ''].join(':');
  const binary = findVllm({ binary: process.env['VLLM_SERVER_PATH'], searchPath });
  if (binary !== undefined) return suite(new VllmEngine({ binary, environment: process.env }));
  describe.skip('vLLM', () => {
    it('is not on this machine, so nothing of it was tested; `npm test vllm` gets one', () => undefined);
  });
}
