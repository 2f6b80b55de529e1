import { describe, expect, it } from 'vitest';
import { pick, pickWeighted, seededRandom, shuffle } from './random.js';

describe('seededRandom', () => {
  it('gives the same numbers to the same seed and others to another', () => {
    const draw = (seed: number): number[] => Array.from({ length: 5 }, seededRandom(seed));
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
    expect(draw(3).every((number) => number >= 0 && number < 1)).toBe(true);
  });
});

describe('shuffle', () => {
  it('keeps everything once, in an order that the seed decides', () => {
    const all = Array.from({ length: 20 }, (_, index) => index);
    const mixed = shuffle(all, seededRandom(1));
    expect(mixed).not.toEqual(all);
    expect(mixed.toSorted((left, right) => left - right)).toEqual(all);
    expect(mixed).toEqual(shuffle(all, seededRandom(1)));
  });
});

describe('pickWeighted', () => {
  it('never picks what has no weight, and says when there is nothing', () => {
    const all = [
      { name: 'never', weight: 0 },
      { name: 'always', weight: 2 },
    ];
    const random = seededRandom(1);
    const picked = new Set(Array.from({ length: 50 }, () => pickWeighted(all, random).name));
    expect([...picked]).toEqual(['always']);
    expect(() => pickWeighted([], random)).toThrow('nothing to pick');
    expect(() => pick([], random)).toThrow('nothing to pick');
  });
});
