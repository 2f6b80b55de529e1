import { describe, expect, it } from 'vitest';
import { ENVELOPE_VERSION, type SessionConfiguration } from '#contracts';
import { nextConfiguration } from './next-configuration.js';

const unknown = { modelContext: undefined, usualContext: 4_096, sessionContext: undefined };
const standing: SessionConfiguration = {
  version: ENVELOPE_VERSION,
  modelId: `sha256:${'a'.repeat(64)}`,
  mode: 'completion',
  reference: 'ai/m',
  engine: 'llama.cpp',
  revision: 'r1',
  contextSize: 8_192,
  keepAlive: 5,
};

describe('nextConfiguration', () => {
  it('is nothing where nothing would change', () => {
    expect(nextConfiguration(standing, { ...unknown, keepAlive: 5, contextSize: 8_000 })).toBeUndefined();
    expect(nextConfiguration(undefined, { ...unknown, contextSize: 4_096 })).toBeUndefined();
  });

  it('changes what is asked for and nothing else, and leaves the revision to be found again', () => {
    const { revision: _revision, ...rest } = standing;
    expect(nextConfiguration(standing, { ...unknown, keepAlive: -1 })).toEqual({ ...rest, keepAlive: -1 });
  });

  it.each([
    ['grows in powers of two', 5_000, { modelContext: 32_768 }, 8_192],
    ['stops at what the model can', 100_000, { modelContext: 10_000 }, 10_000],
    ['never shrinks', 2_048, { modelContext: 32_768 }, undefined],
    ['asks for nothing a model cannot', 9_000, { modelContext: 2_048, usualContext: 2_048 }, undefined],
    ['leaves alone what has as much as is right', 8_000, { usualContext: undefined }, undefined],
    ['counts what sessions have', 8_000, { modelContext: 32_768, sessionContext: 16_384 }, undefined],
  ])('%s', (_title, contextSize, known, expected) => {
    expect(nextConfiguration(undefined, { ...unknown, ...known, contextSize })?.contextSize).toBe(expected);
  });

  it('leaves a model alone that has all the context it can', () => {
    expect(
      nextConfiguration({ ...standing, contextSize: -1 }, { ...unknown, contextSize: 1e6 }),
    ).toBeUndefined();
  });
});
