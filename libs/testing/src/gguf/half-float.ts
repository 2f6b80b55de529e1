const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);

/** The bits of the IEEE half-precision number nearest to `value`; what is too large becomes infinity. */
export function toHalfFloat(value: number): number {
  float[0] = value;
  const word = bits[0] ?? 0;
  const sign = (word >>> 16) & 0x8000;
  const exponent = ((word >>> 23) & 0xff) - 127;
  const fraction = word & 0x7fffff;
  if (exponent > 15) return sign | 0x7c00;
  if (exponent >= -14) return sign | (((((exponent + 15) << 23) | fraction) + 0x1000) >>> 13);
  if (exponent < -25) return sign;
  const shift = -exponent - 1;
  return sign | (((fraction | 0x800000) + (1 << (shift - 1))) >>> shift);
}

/** The value of a half-precision number given by its bits. */
export function fromHalfFloat(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >>> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
