import { describe, expect, it } from 'vitest';
import { decodeSampling, penalisedTokens } from './sampling-parameters.js';

describe('decodeSampling', () => {
  it("has llama-server's defaults", () => {
    expect(decodeSampling({})).toMatchObject({
      temperature: 0.8,
      topK: 40,
      topP: 0.95,
      minP: 0.05,
      seed: undefined,
      repeatPenalty: 1,
      repeatLastTokens: 64,
      frequencyPenalty: 0,
      presencePenalty: 0,
      dry: undefined,
      xtc: undefined,
      logitBias: [],
    });
  });

  it('takes null for absent and a negative temperature for greedy', () => {
    expect(decodeSampling({ temperature: -1, top_p: null })).toMatchObject({ temperature: 0, topP: 0.95 });
  });

  it('takes -1 as the wish for another seed each time', () => {
    expect(decodeSampling({ seed: -1 }).seed).toBeUndefined();
    expect(decodeSampling({ seed: 0 }).seed).toBe(0);
  });

  it('reads logit_bias as an object and as a list, with false for never', () => {
    expect(decodeSampling({ logit_bias: { '5': 2.5, word: -1 } }).logitBias).toEqual([
      { of: 5, bias: 2.5 },
      { of: 'word', bias: -1 },
    ]);
    expect(decodeSampling({ logit_bias: [[7, false]] }).logitBias).toEqual([{ of: 7, bias: -Infinity }]);
  });

  it('switches DRY and XTC on by their strength', () => {
    expect(decodeSampling({ dry_multiplier: 0.8, xtc_probability: 0.5 })).toMatchObject({
      dry: { strength: 0.8, base: 1.75, allowedLength: 2, lastTokens: null },
      xtc: { probability: 0.5, threshold: 0.1 },
    });
  });

  it.each([
    [{ temperature: 'hot' }, '\'temperature\' must be a number, but is "hot".'],
    [{ top_p: 2 }, "'top_p' must be a number from 0 to 1, but is 2."],
    [{ top_k: 1.5 }, "'top_k' must be a whole number, but is 1.5."],
    [
      { dry_multiplier: 1, dry_penalty_last_n: 2 ** 31 - 1 },
      "'dry_penalty_last_n' must not be larger than 262144; -1 stands for the whole context.",
    ],
    [{ seed: -2 }, "'seed' must be a whole number from -1 to 4294967295, but is -2."],
    [{ logit_bias: { '5': 'x' } }, '\'logit_bias\' must map token ids to numbers, but is {"5":"x"}.'],
  ])('refuses %j with a sentence', (body, sentence) => {
    expect(() => decodeSampling(body)).toThrow(sentence);
  });
});

describe('penalisedTokens', () => {
  it('looks back as far as asked: not at all, a number of tokens, or everything', () => {
    expect(penalisedTokens([1, 2, 3], 0)).toEqual([]);
    expect(penalisedTokens([1, 2, 3], 2)).toEqual([2, 3]);
    expect(penalisedTokens([1, 2, 3], -1)).toEqual([1, 2, 3]);
  });
});
