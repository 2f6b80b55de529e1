import { expect, it } from 'vitest';
import type { BlobStream } from '../sources/model-source.js';
import { readStream } from './read-stream.js';

const PIECE = 64 * 1024;

it('gives back the memory of each piece of a stream that is its own, once the piece was taken', async () => {
  const pieces = [Buffer.allocUnsafeSlow(PIECE).fill(1), Buffer.allocUnsafeSlow(PIECE).fill(2)];
  const taken = await take({ start: 0, end: 2 * PIECE, bytes: oneByOne(pieces), exclusive: true });
  expect(taken).toEqual([
    { offset: 0, first: 1, length: PIECE, before: [] },
    { offset: PIECE, first: 2, length: PIECE, before: [0] },
  ]);
  expect(pieces.map(({ length }) => length)).toEqual([0, 0]);
});

it('leaves pieces alone that share their memory', async () => {
  const whole = Buffer.alloc(2 * PIECE, 7);
  const pieces = [whole.subarray(0, PIECE), whole.subarray(PIECE), Buffer.from('short')];
  await take({ start: 0, end: 2 * PIECE + 5, bytes: oneByOne(pieces), exclusive: true });
  expect(pieces.map(({ length }) => length)).toEqual([PIECE, PIECE, 5]);
  expect(whole.every((byte) => byte === 7)).toBe(true);
});

it('leaves the pieces of a stream alone that does not say they are its own', async () => {
  const pieces = [Buffer.alloc(PIECE, 7)];
  await take({ start: 0, end: PIECE, bytes: oneByOne(pieces) });
  expect(pieces[0]).toHaveLength(PIECE);
});

interface Taken {
  readonly offset: number;
  readonly first: number | undefined;
  readonly length: number;
  /** Lengths of the pieces that were taken earlier. */
  readonly before: readonly number[];
}

async function take(stream: BlobStream): Promise<readonly Taken[]> {
  const taken: Taken[] = [];
  const earlier: Buffer[] = [];
  await readStream({
    open: async () => stream,
    accept: () => true,
    take: async (bytes, offset) => {
      await Promise.resolve();
      const before = earlier.map(({ length }) => length);
      taken.push({ offset, first: bytes[0], length: bytes.length, before });
      earlier.push(bytes);
      return true;
    },
    stallTimeout: 60_000,
    signal: new AbortController().signal,
  });
  return taken;
}

async function* oneByOne(pieces: readonly Buffer[]): AsyncGenerator<Buffer> {
  yield* pieces;
}
