import { describe, expect, it } from 'vitest';
import * as file from './__fixtures__/picture-files.js';
import { Base64Bytes } from './base64-bytes.js';
import { readPicture } from './read-picture.js';

const read = (bytes: Buffer) => readPicture(new Base64Bytes(bytes.toString('base64')));
const { chunk, frame, gif, gifFrame, header, jpeg, png, SCAN, segment, webp } = file;

const VP8 = Buffer.from([0x10, 0, 0, 0x9d, 1, 0x2a]);
const lossy = (width: number, height: number): Buffer =>
  webp('VP8 ', Buffer.concat([VP8, file.little(width, 2), file.little(height, 2)]));
const lossless = (width: number, height: number): Buffer =>
  webp('VP8L', Buffer.concat([Buffer.from([0x2f]), file.little(width - 1 + (height - 1) * 2 ** 14, 4)]));
const canvas = (width: number, height: number): Buffer =>
  webp('VP8X', Buffer.concat([Buffer.alloc(4), file.little(width - 1, 3), file.little(height - 1, 3)]));

const comment = Buffer.from([0x21, 0xfe, 3, 1, 2, 3, 0]);
const IDAT = chunk('IDAT');

const WHOLE: readonly (readonly [string, string, number, number, Buffer])[] = [
  ['a PNG', 'PNG', 640, 480, png(header(640, 480), IDAT)],
  ['the largest PNG', 'PNG', 2 ** 32 - 1, 2 ** 32 - 1, png(header(2 ** 32 - 1, 2 ** 32 - 1), IDAT)],
  ['a PNG of an iPhone', 'PNG', 3, 4, png(chunk('CgBI', Buffer.alloc(4)), header(3, 4), IDAT)],
  ['a PNG with texts', 'PNG', 5, 6, png(header(5, 6), chunk('tEXt', Buffer.alloc(70_000, 'a')), IDAT)],
  ['a JPEG', 'JPEG', 640, 480, jpeg(segment(0xe0, Buffer.alloc(14)), frame(640, 480), SCAN)],
  ['a progressive JPEG', 'JPEG', 7, 8, jpeg(segment(0xdb, Buffer.alloc(65)), frame(7, 8, 0xc2), SCAN)],
  [
    'a JPEG behind a photo of itself and colours',
    'JPEG',
    4_000,
    3_000,
    jpeg(
      segment(0xe1, jpeg(frame(160, 120), SCAN, Buffer.alloc(60_000))),
      ...Array.from({ length: 20 }, () => segment(0xe2, Buffer.alloc(65_000, 0xff))),
      frame(4_000, 3_000),
      segment(0xc4, Buffer.alloc(20)),
      SCAN,
    ),
  ],
  [
    'a JPEG with filling',
    'JPEG',
    9,
    10,
    jpeg(Buffer.from([0, 0, 0xff, 0xff, 0xff]), frame(9, 10), Buffer.from([0xff, 0, 0xff, 0xd0]), SCAN),
  ],
  ['a GIF', 'GIF', 640, 480, gif([640, 480], gifFrame(0, 0, 640, 480))],
  ['a GIF with a comment', 'GIF', 11, 12, gif([11, 12], comment, comment, gifFrame(1, 1, 2, 2))],
  ['a GIF whose first frame is beyond its screen', 'GIF', 300, 402, gif([1, 1], gifFrame(100, 2, 200, 400))],
  ['a lossy WebP', 'WebP', 640, 480, lossy(640, 480)],
  ['a lossy WebP that is to be scaled', 'WebP', 2, 16_383, lossy(0x4002, 0xffff)],
  ['a lossless WebP', 'WebP', 16_384, 481, lossless(16_384, 481)],
  ['a WebP with a canvas', 'WebP', 2 ** 24, 2 ** 24, canvas(2 ** 24, 2 ** 24)],
  ['a BMP', 'BMP', 640, 480, file.bmp(640, 480)],
  ['a BMP from its top', 'BMP', 640, 480, file.bmp(640, -480)],
  ['a BMP of negative width', 'BMP', 2 ** 32 - 1, 1, file.bmp(-1, 1)],
  ['an old BMP', 'BMP', 65_535, 2, file.oldBmp(65_535, 2)],
];

describe('the size of a picture', () => {
  it.each(WHOLE)('is read of %s', (_what, format, width, height, bytes) => {
    expect(read(bytes)).toEqual({
      format,
      isTaken: true,
      mayUnpackToMore: format === 'PNG',
      size: { width, height },
    });
  });

  it.each(WHOLE)('is never another one when %s is cut off', (_what, format, width, height, bytes) => {
    for (let length = 0; length < Math.min(bytes.length, 100); length++)
      expect([{ width, height }, undefined]).toContainEqual(read(bytes.subarray(0, length))?.size);
    expect(read(bytes.subarray(0, 12))).toMatchObject({ format, isTaken: true });
  });

  it.each([
    ['no PNG header', png(IDAT)],
    ['two PNG headers, of which decoders take either', png(header(1, 1), header(9_000, 9_000), IDAT)],
    ['a PNG header of another length', png(chunk('IHDR', Buffer.alloc(14, 1)), IDAT)],
    ['a PNG chunk that leads beyond the file', png(header(1, 1), file.big(2 ** 31 - 1, 4), IDAT)],
    ['a PNG chunk of no possible length', png(header(1, 1), file.big(2 ** 32 - 1, 4), IDAT)],
    ['no pixels', png(header(1, 0), IDAT)],
    ['no JPEG frame', jpeg(segment(0xe0), SCAN)],
    ['two JPEG frames', jpeg(frame(1, 1), frame(9_000, 9_000), SCAN)],
    ['a JPEG whose height comes later', jpeg(frame(100, 0), SCAN)],
    ['a JPEG segment shorter than its length', jpeg(Buffer.from([0xff, 0xe0, 0, 1]), frame(1, 1), SCAN)],
    ['a JPEG segment that decoders disagree about', jpeg(segment(0xc8), frame(1, 1), SCAN)],
    ['a JPEG that ends at once', jpeg(Buffer.from([0xff, 0xd9]), frame(1, 1), SCAN)],
    ['a GIF without a frame', gif([1, 1], Buffer.from([0x3b]))],
    ['a GIF whose extension decoders disagree about', gif([1, 1], Buffer.from([0x21, 0xf9, 0]))],
    ['a WebP of an unknown kind', Buffer.from('RIFF....WEBPALPH................')],
    ['a WebP without its start code', webp('VP8 ', Buffer.alloc(10, 1))],
    ['a BMP header of an unknown kind', Buffer.concat([Buffer.from('BM'), Buffer.alloc(40, 0)])],
  ])('is nowhere in %s', (_what, bytes) => {
    expect(read(bytes)).toMatchObject({ isTaken: true });
    expect(read(bytes)?.size).toBeUndefined();
  });

  it.each([
    ['PSD', Buffer.from('8BPS')],
    ['PIC', Buffer.from([0x53, 0x80, 0xf6, 0x34])],
    ['PGM', Buffer.from('P5 60000 60000 255')],
    ['PPM', Buffer.from('P6 60000 60000 255')],
    ['HDR', Buffer.from('#?RADIANCE\n')],
    ['HDR', Buffer.from('#?RGBE\n')],
    ['TGA', file.tga(60_000, 60_000)],
  ])('is not read of %s, which llama.cpp would decode', (format, bytes) => {
    expect(read(bytes)).toMatchObject({ format, isTaken: false });
  });

  it.each([
    ['nothing', ''],
    ['a WAV', 'RIFF\x24\0\0\0WAVEfmt '],
    ['an MP3', '\xff\xfb\x90\x64\0\0\0\0\0\0\0\0\0\0\0\0\0\0'],
    ['an MP3 with a tag', 'ID3\x03\0\0\0\0\0\x21TSSE\0\0\0\x0f\0\0'],
    ['a FLAC', 'fLaC\0\0\0\x22\x10\0\x10\0\0\0\x10\0\0\x10\0'],
    ['an Ogg', 'OggS\0\x02\0\0\0\0\0\0\0\0\x12\x34\x56\x78\0\0'],
    ['a film', '\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41'],
    ['a WebM', '\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\xf7\x81\x01\x42\xf2\x81\x04'],
    ['a PDF', '%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj'],
    ['an SVG', '<svg width="100000" height="100000">'],
  ])('is not looked for in %s', (_what, text) => {
    expect(read(Buffer.from(text, 'latin1'))).toBeUndefined();
  });
});
