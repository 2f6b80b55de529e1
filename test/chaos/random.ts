/** Numbers from 0 up to and without 1; the same seed gives the same ones. */
export type Random = () => number;

/** Mulberry32. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** @throws Error when there is nothing to pick from */
export function pick<T>(all: readonly T[], random: Random): T {
  const one = all[Math.floor(random() * all.length)];
  if (one === undefined) throw new Error('There is nothing to pick from.');
  return one;
}

/** Picks by weight. @throws Error when there is nothing to pick from */
export function pickWeighted<T extends { readonly weight: number }>(all: readonly T[], random: Random): T {
  let left = random() * all.reduce((sum, { weight }) => sum + weight, 0);
  const one = all.find(({ weight }) => (left -= weight) < 0) ?? all.at(-1);
  if (one === undefined) throw new Error('There is nothing to pick from.');
  return one;
}

export function shuffle<T>(all: readonly T[], random: Random): T[] {
  const left = [...all];
  return all.map(() => left.splice(Math.floor(random() * left.length), 1)[0] as T);
}
