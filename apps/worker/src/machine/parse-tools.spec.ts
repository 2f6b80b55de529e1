import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseMthreadsGmi, parseNpuSmi, parseNvidiaSmi, parseRocmSmi } from './parse-tools.js';

const MIB = 1024 * 1024;

const recorded = (name: string): string =>
  readFileSync(join(import.meta.dirname, '__fixtures__', `${name}.txt`), 'utf8');

describe('what the tools of the makers print', () => {
  it('is read for NVIDIA, also of a device that shares the memory of its machine', () => {
    expect(parseNvidiaSmi(recorded('nvidia-smi'))).toEqual([
      { kind: 'nvidia', name: 'NVIDIA H100 80GB HBM3', memoryTotal: 81_559 * MIB, memoryFree: 81_008 * MIB },
      { kind: 'nvidia', name: 'NVIDIA A100-SXM4-40GB', memoryTotal: 40_960 * MIB, memoryFree: 1_213 * MIB },
      { kind: 'nvidia', name: 'NVIDIA GB10', memoryTotal: 0, memoryFree: 0 },
    ]);
  });

  it('is read for AMD, behind a warning', () => {
    expect(parseRocmSmi(recorded('rocm-smi'))).toEqual([
      {
        kind: 'amd',
        name: 'Radeon RX 7900 XT',
        memoryTotal: 21_458_059_264,
        memoryFree: 21_458_059_264 - 27_856_896,
      },
      { kind: 'amd', name: 'Raphael', memoryTotal: 67_108_864, memoryFree: 41_029_632 },
    ]);
  });

  it('is read for Moore Threads, without the table of processes', () => {
    expect(parseMthreadsGmi(recorded('mthreads-gmi'))).toEqual([
      { kind: 'mthreads', name: 'MTT S5000', memoryTotal: 81_920 * MIB, memoryFree: 81_920 * MIB },
      { kind: 'mthreads', name: 'MTT S80', memoryTotal: 16_384 * MIB, memoryFree: 15_722 * MIB },
    ]);
  });

  it('is read for Ascend, without the table of processes', () => {
    expect(parseNpuSmi(recorded('npu-smi'))).toEqual([
      { kind: 'ascend', name: 'Ascend 910B2C', memoryTotal: 65_536 * MIB, memoryFree: 6_180 * MIB },
      { kind: 'ascend', name: 'Ascend 910B4', memoryTotal: 32_768 * MIB, memoryFree: 29_897 * MIB },
    ]);
  });

  it('names no device when it is empty or an error', () => {
    const said = [
      '',
      'No devices were found',
      'NVIDIA-SMI has failed because it could not talk to the driver',
      '{',
    ];
    for (const parse of [parseNvidiaSmi, parseRocmSmi, parseMthreadsGmi, parseNpuSmi]) {
      expect(said.flatMap((output) => parse(output))).toEqual([]);
    }
  });
});
