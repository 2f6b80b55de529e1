import { type JsonObject, readList, refuse } from './fields.js';

/** What files of these types begin with, in base64; whole groups of three bytes only. */
const SIGNATURES: readonly (readonly [RegExp, string])[] = [
  [/^iVBORw0K/, 'image/png'],
  [/^\/9j\//, 'image/jpeg'],
  [/^R0lGOD/, 'image/gif'],
  [/^UklGR.{6}XRUJQ/, 'image/webp'],
  [/^Qk[0-3]/, 'image/bmp'],
];

const BASE64 = /^[A-Za-z0-9+/\s]+={0,2}\s*$/;
const DATA_URI = /^data:image\/[a-z.+-]+;base64,/;

/**
 * Images of a message as parts of its content. They come as base64; addresses are not fetched.
 * @throws LongshoreError that names the image
 */
export function decodeImages(message: JsonObject, path: string): JsonObject[] {
  const images = readList(message, 'images', path) ?? [];
  return images.map((image, index) => ({
    type: 'image_url',
    image_url: { url: dataUri(image, `${path}[${index}]`) },
  }));
}

function dataUri(image: unknown, field: string): string {
  if (typeof image !== 'string') throw refuse(field, 'must be an image in base64.');
  const head = DATA_URI.exec(image)?.[0] ?? '';
  const data = image.slice(head.length);
  if (!BASE64.test(data)) throw refuse(field, 'must be an image in base64.');
  if (head !== '') return image;
  const type = SIGNATURES.find(([signature]) => signature.test(data))?.[1];
  if (type === undefined) throw refuse(field, 'is no PNG, JPEG, GIF, WebP or BMP image.');
  return `data:${type};base64,${data.replaceAll(/\s/g, '')}`;
}
