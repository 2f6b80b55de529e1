import { deflateRawSync, deflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { chunk, header, noise, png } from './__fixtures__/picture-files.js';
import { Base64Bytes } from './base64-bytes.js';
import { pixelsFit } from './png-pixels.js';

const fit = (...chunks: readonly Buffer[]): Promise<boolean> =>
  pixelsFit(new Base64Bytes(png(...chunks).toString('base64')), new AbortController().signal);

const zeros = (length: number): Buffer => deflateSync(Buffer.alloc(length));
const END = chunk('IEND');

/** Bytes of the rows of all seven passes, with what each row has before it. */
function interlacedBytes(width: number, height: number, bits: number): number {
  const passes = [
    [0, 0, 8, 8],
    [4, 0, 8, 8],
    [0, 4, 4, 8],
    [2, 0, 4, 4],
    [0, 2, 2, 4],
    [1, 0, 2, 2],
    [0, 1, 1, 2],
  ] as const;
  const sizes = passes.map(([left, top, across, down]) => {
    const columns = Math.ceil(Math.max(width - left, 0) / across);
    const rows = Math.ceil(Math.max(height - top, 0) / down);
    return columns === 0 ? 0 : rows * (1 + Math.ceil((columns * bits) / 8));
  });
  return sizes.reduce((sum, size) => sum + size, 0);
}

describe('the pixels of a PNG', () => {
  it('fit where they are what its size tells, in one chunk or in many', async () => {
    const rows = deflateSync(noise(300 * (1 + 200 * 3)));
    expect(await fit(header(200, 300), chunk('IDAT', rows), END)).toBe(true);
    for (const count of [10, 10_000]) {
      const length = Math.ceil(rows.length / count);
      const parts = Array.from({ length: count }, (_, part) =>
        chunk('IDAT', rows.subarray(part * length, (part + 1) * length)),
      );
      expect(await fit(header(200, 300), chunk('tEXt'), ...parts, END)).toBe(true);
    }
  });

  it.each([
    ['a colour in one bit', 1, 0, 1],
    ['a palette', 4, 3, 4],
    ['grey and alpha', 8, 4, 16],
    ['RGB', 8, 2, 24],
    ['RGBA in 16 bits', 16, 6, 64],
  ])('fit as %s, interlaced or not', async (_what, depth, colours, bits) => {
    for (const [width, height] of [
      [1, 1],
      [1, 40],
      [3, 5],
      [33, 17],
      [35, 1],
      [100, 2],
    ] as const) {
      const rows = zeros(height * (1 + Math.ceil((width * bits) / 8)));
      expect(await fit(header(width, height, [depth, colours, 0, 0, 0]), chunk('IDAT', rows), END)).toBe(
        true,
      );
      const passes = zeros(interlacedBytes(width, height, bits));
      expect(await fit(header(width, height, [depth, colours, 0, 0, 1]), chunk('IDAT', passes), END)).toBe(
        true,
      );
    }
  });

  it('do not fit where they are more, whatever follows', async () => {
    const bomb = chunk('IDAT', zeros(1_000_000));
    expect(await fit(header(1, 1), bomb, END)).toBe(false);
    expect(await fit(header(1, 1), bomb, header(20_000, 20_000), END)).toBe(false);
    expect(await fit(header(1, 1), chunk('IDAT', zeros(1_000_000).subarray(0, 500)))).toBe(false);
  });

  it('are looked at without the bytes around them where a program of Apple leaves these out', async () => {
    const packed = (length: number) => chunk('IDAT', deflateRawSync(Buffer.alloc(length)));
    expect(await fit(chunk('CgBI'), header(10, 10), packed(310), END)).toBe(true);
    expect(await fit(chunk('CgBI'), header(10, 10), packed(1_000_000), END)).toBe(false);
    expect(await fit(header(10, 10), packed(1_000_000), chunk('CgBI'), END)).toBe(false);
  });

  it('do not fit where they are broken or cut off, which decoders read differently', async () => {
    const rows = deflateSync(noise(310));
    expect(await fit(header(10, 10), chunk('IDAT', rows.subarray(0, 200)), END)).toBe(false);
    expect(await fit(header(10, 10), chunk('IDAT', Buffer.alloc(100, 7)), END)).toBe(false);
    expect(await fit(header(10, 10), END)).toBe(false);
  });

  it('are looked at no longer than anybody waits', async () => {
    const bytes = new Base64Bytes(
      png(header(4_000, 4_000), chunk('IDAT', zeros(1_000_000)), END).toString('base64'),
    );
    const gone = new AbortController();
    const looking = pixelsFit(bytes, gone.signal);
    gone.abort(new Error('the client went away'));
    await expect(looking).rejects.toThrow('the client went away');
  });
});
