import { describe, expect, it } from 'vitest';
import { inPieces, tarBytes, type HandMadeEntry } from '../__fixtures__/tar-bytes.js';
import { readTar } from './read-tar.js';
import { decodeTarHeader, encodeTarHeader } from './tar-header.js';

async function read(bytes: Buffer, length?: number): Promise<[path: string, content: string | null][]> {
  const found: [string, string | null][] = [];
  for await (const entry of readTar(inPieces(bytes, length))) {
    const chunks: Buffer[] = [];
    for await (const chunk of entry.content) chunks.push(chunk);
    found.push([entry.path, entry.folder ? null : Buffer.concat(chunks).toString()]);
  }
  return found;
}

const record = (key: string, value: string): Buffer => {
  const rest = ` ${key}=${value}\n`;
  const digits = rest.length + 2 > 99 ? 3 : 2;
  return Buffer.from(`${rest.length + digits}${rest}`);
};

describe('readTar', () => {
  it('gives files and folders, however the bytes are cut', async () => {
    const bytes = tarBytes(
      { path: './', type: '5' },
      { path: './folder/', type: '5' },
      { path: './folder/a.txt', content: Buffer.from('first') },
      { path: 'empty' },
      { path: 'b.txt', content: Buffer.from('x'.repeat(1000)) },
    );
    for (const length of [1, 7, 512, 100_000]) {
      expect(await read(bytes, length)).toEqual([
        ['folder', null],
        ['folder/a.txt', 'first'],
        ['empty', ''],
        ['b.txt', 'x'.repeat(1000)],
      ]);
    }
  });

  it('skips what its reader leaves unread', async () => {
    const bytes = tarBytes(
      { path: 'a', content: Buffer.alloc(5000, 1) },
      { path: 'b', content: Buffer.alloc(5000, 2) },
      { path: 'c', content: Buffer.from('end') },
    );
    const paths: string[] = [];
    for await (const entry of readTar(inPieces(bytes))) {
      paths.push(entry.path);
      if (entry.path === 'b') for await (const _chunk of entry.content) break;
    }
    expect(paths).toEqual(['a', 'b', 'c']);
  });

  it('takes long paths from pax and GNU headers', async () => {
    const long = `${'folder/'.repeat(30)}file`;
    const [pax, gnu] = [record('path', `${long}1`), Buffer.from(`${long}2\0`)];
    const bytes = tarBytes(
      { path: 'pax', type: 'x', content: pax },
      { path: 'cut1', content: Buffer.from('1') },
      { path: '././@LongLink', type: 'L', content: gnu },
      { path: 'cut2', content: Buffer.from('2') },
    );
    expect(await read(bytes)).toEqual([
      [`${long}1`, '1'],
      [`${long}2`, '2'],
    ]);
  });

  const refused: [what: string, entries: HandMadeEntry[], message: string][] = [
    ['an absolute path', [{ path: '/etc/passwd' }], 'not a plain relative path'],
    ['a path that leads out', [{ path: 'a/../../b' }], 'not a plain relative path'],
    ['a path of dots', [{ path: './../b' }], 'not a plain relative path'],
    ['an empty path', [{ path: '' }], 'not a plain relative path'],
    ['a folder that leads out', [{ path: '../', type: '5' }], 'not a plain relative path'],
    ['two files at one path', [{ path: 'a' }, { path: './a' }], 'two files at "a"'],
    ['a hard link', [{ path: 'a', type: '1' }], 'a link'],
    ['a symbolic link', [{ path: 'a', type: '2' }], 'a link'],
    ['a device', [{ path: 'a', type: '3' }], 'neither a file nor a folder'],
    ['a GNU sparse file', [{ path: 'a', type: 'S' }], 'neither a file nor a folder'],
    ['a folder with a content', [{ path: 'a', type: '5', size: 512 }], 'folder that has a content'],
    ['a file that ends too early', [{ path: 'a', size: 2 ** 40 }], 'cut short'],
    ['a header of gigabytes', [{ path: 'x', type: 'x', size: 2 ** 32 }], '65536 is the most'],
    ['a long name of gigabytes', [{ path: 'x', type: 'L', size: 2 ** 32 }], '65536 is the most'],
    [
      'a pax path that leads out',
      [{ path: 'x', type: 'x', content: record('path', '../../../etc') }, { path: 'fine' }],
      'not a plain relative path',
    ],
    [
      'a pax path with a NUL',
      [{ path: 'x', type: 'x', content: record('path', 'fine\0/../evil') }, { path: 'fine' }],
      'not a plain relative path',
    ],
    [
      'a pax size that is none',
      [{ path: 'x', type: 'x', content: record('size', '-5') }, { path: 'fine' }],
      'impossible number',
    ],
    [
      'a pax record that goes on for ever',
      [{ path: 'x', type: 'x', content: Buffer.from('99 path=a\n') }, { path: 'fine' }],
      'cannot be read',
    ],
    [
      'a pax record of no length',
      [{ path: 'x', type: 'x', content: Buffer.from('0 path=a\n') }, { path: 'fine' }],
      'cannot be read',
    ],
    [
      'a pax sparse file',
      [{ path: 'x', type: 'x', content: record('GNU.sparse.major', '1') }, { path: 'fine' }],
      'with holes',
    ],
  ];
  it.each(refused)('refuses %s', async (_what, entries, message) => {
    await expect(read(tarBytes(...entries))).rejects.toThrow(message);
    await expect(read(tarBytes(...entries))).rejects.toMatchObject({ name: 'FormatError' });
  });

  it('refuses what is no archive, has no end, is damaged, or goes on behind its end', async () => {
    const good = tarBytes({ path: 'a', content: Buffer.from('1') });
    await expect(read(Buffer.alloc(0))).rejects.toThrow('cut short');
    await expect(read(Buffer.alloc(2000, 'x'))).rejects.toThrow('not a tar file');
    await expect(read(good.subarray(0, 1024))).rejects.toThrow('cut short');
    const damaged = Buffer.from(good);
    damaged[3] = 0x41;
    await expect(read(damaged)).rejects.toThrow('not a tar file, or it is damaged');
    await expect(read(Buffer.concat([good, Buffer.alloc(2 * 1024 * 1024)]))).rejects.toThrow('goes on');
    expect(await read(Buffer.concat([good, Buffer.alloc(10_240)]))).toEqual([['a', '1']]);
  });

  it('ends its source when its reader goes', async () => {
    let ended = false;
    async function* source(): AsyncGenerator<Buffer> {
      try {
        yield* inPieces(tarBytes({ path: 'a' }, { path: 'b' }), 512);
      } finally {
        ended = true;
      }
    }
    for await (const _entry of readTar(source())) break;
    expect(ended).toBe(true);
  });
});

describe('encodeTarHeader', () => {
  it.each([0, 511, 8 ** 11 - 1, 8 ** 11, 40 * 1024 ** 4])('keeps a size of %d bytes', (size) => {
    const header = { path: 'blobs/sha256/x', size, type: '0' };
    expect(decodeTarHeader(encodeTarHeader(header))).toEqual(header);
  });
});
