import { describe, expect, it } from 'vitest';
import { fixtureModel } from '#testing';
import { estimateMemory } from './estimate-memory.js';
import type { GgufValue } from './gguf-values.js';
import { readGgufHeader, type GgufHeader } from './read-gguf-header.js';

const MIB = 1024 * 1024;

function header(metadata: Record<string, GgufValue>, vocabulary = 0): GgufHeader {
  return {
    version: 3,
    architecture: 'llama',
    metadata: new Map(Object.entries(metadata)),
    arrayLengths: new Map([['tokenizer.ggml.tokens', vocabulary]]),
    tensorCount: 0,
    parameterCount: 0,
    tensorBytes: 4_692_668_416,
  };
}

/** Llama 3.1 8B at Q4_K_M. */
const LLAMA = {
  'llama.block_count': 32,
  'llama.embedding_length': 4096,
  'llama.attention.head_count': 32,
  'llama.attention.head_count_kv': 8,
};

describe('estimateMemory', () => {
  it('gives the figures that llama.cpp prints for a well-known model', () => {
    const estimate = estimateMemory(header(LLAMA, 128_256), { contextSize: 8192, slots: 1 });
    expect(estimate.keyValueCache).toBe(1024 * MIB);
    expect(estimate.compute).toBe(258.5 * MIB);
    expect(estimate.total).toBe(4_692_668_416 + 1282.5 * MIB);
    expect(estimate.admission).toBeGreaterThan(estimate.total * 1.1);
  });

  it('counts a context for every slot and less for a cache of smaller numbers', () => {
    const cache = (demand: Parameters<typeof estimateMemory>[1]): number =>
      estimateMemory(header(LLAMA), demand).keyValueCache / MIB;
    expect(cache({ contextSize: 4096, slots: 4 })).toBe(2048);
    expect(cache({ contextSize: 4096, slots: 4, cacheElementBytes: 1 })).toBe(1024);
  });

  it('adds up layers that differ, and head sizes that are not the usual ones', () => {
    const mixed = header({
      ...LLAMA,
      'llama.block_count': 3,
      'llama.attention.head_count_kv': [8, 0, 2],
      'llama.attention.key_length': 192,
      'llama.attention.value_length': 128,
    });
    expect(estimateMemory(mixed, { contextSize: 10, slots: 1 }).keyValueCache).toBe(10 * 10 * 320 * 2);
  });

  it('counts no cache for an encoder and nothing but weights for a header that says nothing', async () => {
    const encoder = await readGgufHeader(await fixtureModel('embedding'));
    expect(estimateMemory(encoder, { contextSize: 512, slots: 4 }).keyValueCache).toBe(0);
    expect(estimateMemory(header({}), { contextSize: 8192, slots: 8 }).total).toBe(4_692_668_416);
  });

  it('comes within a tenth of what was measured for a real file', async () => {
    const random = await readGgufHeader(await fixtureModel('random'));
    const total = (contextSize: number, slots: number): number =>
      estimateMemory(random, { contextSize, slots }).total / 1e6;
    // Anonymous memory of a process that had loaded it, MB.
    expect(Math.abs(total(8192, 1) / 216 - 1)).toBeLessThan(0.1);
    expect(Math.abs(total(4096, 4) / 312 - 1)).toBeLessThan(0.1);
  });
});
