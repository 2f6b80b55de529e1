import { describe, expect, it } from 'vitest';
import { fromHalfFloat, toHalfFloat } from './half-float.js';
import { encodeTensor, rows, tensorBytes, type Tensor, type TensorType } from './tensor.js';

const values = Float32Array.from({ length: 64 }, (_, index) => (index - 20) / 16);

function encode(type: TensorType): Buffer {
  const tensor: Tensor = {
    name: 'sample',
    type,
    shape: [32, 2],
    fill: rows([values.slice(0, 32), values.slice(32)]),
  };
  const bytes = Buffer.concat([...encodeTensor(tensor)]);
  expect(bytes.length).toBe(tensorBytes(tensor));
  return bytes;
}

describe('encodeTensor', () => {
  it('keeps F32 as it is', () => {
    const bytes = encode('F32');
    expect(Array.from(values, (_, index) => bytes.readFloatLE(4 * index))).toEqual([...values]);
  });

  it('keeps what half precision can hold in F16', () => {
    const bytes = encode('F16');
    expect(Array.from(values, (_, index) => fromHalfFloat(bytes.readUInt16LE(2 * index)))).toEqual([
      ...values,
    ]);
  });

  it('rounds to the nearest of 255 steps a block in Q8_0', () => {
    const bytes = encode('Q8_0');
    for (const [index, value] of values.entries()) {
      const block = Math.floor(index / 32) * 34;
      const scale = fromHalfFloat(bytes.readUInt16LE(block));
      const decoded = scale * bytes.readInt8(block + 2 + (index % 32));
      expect(Math.abs(decoded - value)).toBeLessThanOrEqual(0.51 * scale);
    }
  });

  it('refuses a Q8_0 row that does not fill its blocks', () => {
    const tensor: Tensor = { name: 'sample', type: 'Q8_0', shape: [33], fill: rows([]) };
    expect(() => tensorBytes(tensor)).toThrow('A Q8_0 row must be a multiple of 32 long, not 33.');
  });
});

describe('toHalfFloat', () => {
  it.each([
    [0, 0x0000],
    [-0, 0x8000],
    [1, 0x3c00],
    [-2, 0xc000],
    [65_504, 0x7bff],
    [65_520, 0x7c00],
    [1e9, 0x7c00],
    [2 ** -14, 0x0400],
    [2 ** -24, 0x0001],
    [2 ** -26, 0x0000],
    [1 + 2 ** -10, 0x3c01],
    [1 + 1.2 * 2 ** -11, 0x3c01],
  ])('encodes %d', (value, bits) => {
    expect(toHalfFloat(value)).toBe(bits);
  });

  it('undoes fromHalfFloat for every finite number', () => {
    for (let half = 0; half < 0x7c00; half++) expect(toHalfFloat(fromHalfFloat(half))).toBe(half);
  });
});
