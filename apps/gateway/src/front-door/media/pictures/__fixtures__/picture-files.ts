const ascii = (text: string): Buffer => Buffer.from(text, 'latin1');
const bytes = (...values: readonly number[]): Buffer => Buffer.from(values);

export function big(value: number, length: number): Buffer {
  const buffer = Buffer.alloc(length);
  buffer.writeUIntBE(value, 0, length);
  return buffer;
}

export function little(value: number, length: number): Buffer {
  const buffer = Buffer.alloc(length);
  buffer.writeUIntLE(value, 0, length);
  return buffer;
}

/** A chunk of a PNG, whose check sum nobody looks at. */
export function chunk(type: string, content: Buffer = Buffer.alloc(0)): Buffer {
  return Buffer.concat([big(content.length, 4), ascii(type), content, big(0, 4)]);
}

/** @param kind bits of a value, colours (2 = RGB), packing, filter, interlacing */
export function header(width: number, height: number, kind: readonly number[] = [8, 2, 0, 0, 0]): Buffer {
  return chunk('IHDR', Buffer.concat([big(width, 4), big(height, 4), bytes(...kind)]));
}

export function png(...chunks: readonly Buffer[]): Buffer {
  return Buffer.concat([ascii('\x89PNG\r\n\x1a\n'), ...chunks]);
}

export function segment(marker: number, content: Buffer = Buffer.alloc(0)): Buffer {
  return Buffer.concat([bytes(0xff, marker), big(content.length + 2, 2), content]);
}

export function frame(width: number, height: number, marker = 0xc0): Buffer {
  return segment(marker, Buffer.concat([bytes(8), big(height, 2), big(width, 2), bytes(1, 1, 0x11, 0)]));
}

export const SCAN = segment(0xda, bytes(1, 1, 0, 0, 63, 0));

export function jpeg(...segments: readonly Buffer[]): Buffer {
  return Buffer.concat([bytes(0xff, 0xd8), ...segments]);
}

/** @param blocks what stands between the screen and the first frame */
export function gif(screen: readonly [number, number], ...blocks: readonly Buffer[]): Buffer {
  const [width, height] = screen;
  return Buffer.concat([ascii('GIF89a'), little(width, 2), little(height, 2), bytes(0, 0, 0), ...blocks]);
}

export function gifFrame(left: number, top: number, width: number, height: number): Buffer {
  return Buffer.concat([bytes(0x2c), ...[left, top, width, height].map((value) => little(value, 2)), bytes(0)]);
}

export function webp(type: 'VP8 ' | 'VP8L' | 'VP8X', content: Buffer): Buffer {
  const size = little(content.length, 4);
  return Buffer.concat([ascii('RIFF'), little(content.length + 12, 4), ascii('WEBP'), ascii(type), size, content]);
}

/** @param height negative in a picture that begins at its top */
export function bmp(width: number, height: number): Buffer {
  const sides = Buffer.alloc(8);
  sides.writeInt32LE(width, 0);
  sides.writeInt32LE(height, 4);
  return Buffer.concat([ascii('BM'), Buffer.alloc(12), little(40, 4), sides, Buffer.alloc(28)]);
}

/** One of the old kind, with two bytes for each side. */
export function oldBmp(width: number, height: number): Buffer {
  return Buffer.concat([ascii('BM'), Buffer.alloc(12), little(12, 4), little(width, 2), little(height, 2)]);
}

export function tga(width: number, height: number): Buffer {
  return Buffer.concat([bytes(0, 0, 10), Buffer.alloc(9), little(width, 2), little(height, 2), bytes(24, 0)]);
}

/** Bytes that hardly anything can be packed of, always the same. */
export function noise(length: number): Buffer {
  return Buffer.from(Array.from({ length }, (_, index) => (index * index * 31) % 65_521));
}
