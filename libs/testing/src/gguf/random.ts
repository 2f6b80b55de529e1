/** Draws 32-bit integers, the same ones for the same seed on every machine. */
export type Random = () => number;

/** An xorshift generator with a multiplied output. Seeds may be any integers, also neighbouring ones. */
export function createRandom(seed: number): Random {
  let state = Math.imul(seed ^ 0x5851f42d, 0x9e3779b1) >>> 0 || 1;
  const draw = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return Math.imul(state, 0x2c1b3c6d) >>> 0;
  };
  for (let warmUp = 0; warmUp < 8; warmUp++) draw();
  return draw;
}

/** Standard deviation of the sum of four bytes. */
const DEVIATION = Math.sqrt((4 * (256 ** 2 - 1)) / 12);

/**
 * A nearly normal number of mean 0 and deviation 1, never beyond 3.5: the sum of the four bytes of one draw. It needs
 * no transcendental function, so that every machine gets the same bits.
 */
export function drawNormal(random: Random): number {
  const word = random();
  const sum = (word & 0xff) + ((word >>> 8) & 0xff) + ((word >>> 16) & 0xff) + (word >>> 24);
  return (sum - 510) / DEVIATION;
}
