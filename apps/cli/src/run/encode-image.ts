/** What the first bytes of a file tell of it. */
const SIGNATURES: readonly (readonly [type: string, isOne: (bytes: Buffer) => boolean])[] = [
  ['image/png', (bytes) => startsWith(bytes, '89504e470d0a1a0a')],
  ['image/jpeg', (bytes) => startsWith(bytes, 'ffd8ff')],
  ['image/gif', (bytes) => startsWith(bytes, '474946383761') || startsWith(bytes, '474946383961')],
  ['image/bmp', (bytes) => startsWith(bytes, '424d') && bytes.includes(0)],
  ['image/webp', (bytes) => startsWith(bytes, '52494646') && bytes.toString('latin1', 8, 12) === 'WEBP'],
];

/** A data URL; undefined when the bytes are no image. */
export function encodeImage(bytes: Buffer): string | undefined {
  const type = SIGNATURES.find(([, isOne]) => isOne(bytes))?.[0];
  return type === undefined ? undefined : `data:${type};base64,${bytes.toString('base64')}`;
}

function startsWith(bytes: Buffer, hex: string): boolean {
  return bytes.subarray(0, hex.length / 2).toString('hex') === hex;
}
