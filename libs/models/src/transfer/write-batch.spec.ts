import { expect, it } from 'vitest';
import { WriteBatch } from './write-batch.js';

const MEBIBYTE = 1024 * 1024;

it('writes everything in order and gives its memory back at the end', async () => {
  const written = Buffer.alloc(MEBIBYTE + 3);
  const handed: Buffer[] = [];
  const file = {
    write: async (bytes: Buffer, position: number) => {
      handed.push(bytes);
      await Promise.resolve();
      bytes.copy(written, position);
    },
  };
  const wanted = Buffer.from(written.map((_, index) => index % 251));
  const batch = new WriteBatch(file, 0, wanted.length);
  await batch.add(wanted.subarray(0, 1_000));
  await batch.add(wanted.subarray(1_000));
  expect(await batch.flush()).toBe(wanted.length);
  expect(handed.every(({ length }) => length > 0)).toBe(true);

  await batch.end();
  expect(written.equals(wanted)).toBe(true);
  expect(handed.every(({ length }) => length === 0)).toBe(true);
});
