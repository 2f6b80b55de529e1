import { describe, expect, it } from 'vitest';
import { fixtureModel } from '#testing';
import { estimateNeed } from './estimate-need.js';

const MIB = 1024 * 1024;

describe('what a model is estimated to take', () => {
  const question = { size: 94 * MIB, slots: 1 } as const;

  it('is more with a longer context, with more slots and with a draft model', async () => {
    const files = { format: 'gguf', weights: await fixtureModel('random') } as const;
    const small = await estimateNeed({ ...question, files, contextSize: 512 });
    expect(small).toBeGreaterThan(94 * MIB);
    expect(await estimateNeed({ ...question, files, contextSize: 4_096 })).toBeGreaterThan(small);
    expect(await estimateNeed({ ...question, files, contextSize: 512, slots: 8 })).toBeGreaterThan(small);
    const draft = { format: 'gguf', weights: await fixtureModel('scripted') } as const;
    expect(await estimateNeed({ ...question, files, contextSize: 512, draft })).toBeGreaterThan(small);
  });

  it('is the size of a file that cannot be read, so that the engine says what is wrong', async () => {
    const files = { format: 'gguf', weights: import.meta.filename } as const;
    const need = await estimateNeed({ ...question, files, contextSize: 512 });
    expect(need).toBeGreaterThan(0);
    expect(need).toBeLessThan(MIB);
  });

  it('is somewhat more than the files in safetensors, and nothing for a model that is elsewhere', async () => {
    const need = (format: 'safetensors' | 'remote') =>
      estimateNeed({ ...question, files: { format, weights: 'there' }, contextSize: undefined });
    expect(await need('safetensors')).toBeGreaterThan(94 * MIB);
    expect(await need('remote')).toBe(0);
  });
});
