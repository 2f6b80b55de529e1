/** A safetensors file with this header, valid or not, and so many bytes of tensors. */
export function safetensorsBytes(header: object | string, data = 0, length?: bigint): Buffer {
  const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(length ?? BigInt(text.length));
  return Buffer.concat([size, text, Buffer.alloc(data, 7)]);
}

/** A small file that is right in everything it says. */
export function smallSafetensors(): Buffer {
  return safetensorsBytes(
    {
      __metadata__: { format: 'pt' },
      'embed.weight': { dtype: 'BF16', shape: [100, 10], data_offsets: [0, 2000] },
      'head.weight': { dtype: 'BF16', shape: [10, 50], data_offsets: [2000, 3000] },
    },
    3000,
  );
}
