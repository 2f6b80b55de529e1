import { expect, it } from 'vitest';
import { Base64Bytes } from './base64-bytes.js';

const BYTES = Buffer.from(Array.from({ length: 20_000 }, (_, index) => (index * 31) % 251));
const TEXT = BYTES.toString('base64');

const bytesOf = (text: string, count = BYTES.length): readonly number[] => {
  const bytes = new Base64Bytes(text);
  return Array.from({ length: count }, (_, index) => bytes.byte(index));
};

it('has the bytes in order, and nothing behind the last', () => {
  expect(bytesOf(TEXT)).toEqual([...BYTES]);
  expect(new Base64Bytes(TEXT).byte(BYTES.length)).toBeNaN();
  expect(new Base64Bytes('').byte(0)).toBeNaN();
});

it('has the bytes in any order', () => {
  const bytes = new Base64Bytes(TEXT);
  for (const offset of [19_999, 0, 6_143, 6_144, 3_071, 12_000, 5])
    expect(bytes.byte(offset)).toBe(BYTES[offset]);
});

it('has numbers from either end, NaN where they are cut off', () => {
  const bytes = new Base64Bytes(Buffer.from([0, 1, 2, 0xff, 0xff, 0xff, 0xff]).toString('base64'));
  expect([bytes.big(0, 3), bytes.little(0, 3), bytes.big(3, 4)]).toEqual([0x102, 0x20100, 2 ** 32 - 1]);
  expect([bytes.big(4, 4), bytes.little(4, 4), bytes.byte(Number.NaN)]).toEqual([NaN, NaN, NaN]);
});

it('has pieces from anywhere, shorter at the end', () => {
  const bytes = new Base64Bytes(TEXT.replaceAll(/.{76}/g, '$&\n'));
  for (const [offset, length] of [
    [19_998, 2],
    [0, 20_000],
    [1, 1],
    [2, 7_000],
    [19_000, 5_000],
    [20_000, 5],
  ] as const)
    expect(bytes.slice(offset, length)).toEqual(BYTES.subarray(offset, offset + length));
});

it('shows nothing behind a foreign character, wherever it stands', () => {
  for (let at = 0; at < 40; at++) {
    const bytes = new Base64Bytes(`${TEXT.slice(0, at)}-${TEXT.slice(at)}`);
    const seen = Math.floor((at * 3) / 4);
    expect([bytes.byte(seen), bytes.slice(0, 100).length]).toEqual([Number.NaN, seen]);
  }
});

it('passes over the ends of lines, wherever they stand', () => {
  const lines = TEXT.replaceAll(/.{76}/g, '$&\r\n');
  expect(bytesOf(lines)).toEqual([...BYTES]);
  expect(new Base64Bytes(lines).byte(15_000)).toBe(BYTES[15_000]);
  expect(bytesOf(` \t${TEXT} \n`)).toEqual([...BYTES]);
});

it.each(['-', '_', '=', '%', '\v', '\u00a0', 'é', '\u0141', '"'])(
  'shows nothing behind %j, which some decoders pass over and some take for a digit',
  (character) => {
    const cut = `${TEXT.slice(0, 8_000)}${character}${TEXT.slice(8_000)}`;
    const bytes = new Base64Bytes(cut);
    expect(bytes.byte(6_000)).toBeNaN();
    expect(bytes.byte(5_999)).toBe(BYTES[5_999]);
    expect(new Base64Bytes(cut).byte(19_000)).toBeNaN();
  },
);
