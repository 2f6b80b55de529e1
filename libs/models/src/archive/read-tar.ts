import { checkFilePath } from '../formats/file-path.js';
import { FormatError } from '../formats/format-error.js';
import { ByteStream } from './byte-stream.js';
import { BLOCK, decodeTarHeader, paddingOf, type TarHeader } from './tar-header.js';

/** One file or folder of an archive. */
export interface TarEntry {
  /** A plain relative path, as {@link checkFilePath} wants it. */
  readonly path: string;
  readonly folder: boolean;
  /** Bytes of the content. */
  readonly size: number;
  /** The content, once and in order. What is not read before the next entry is skipped. */
  readonly content: AsyncIterable<Buffer>;
}

/** Longest header that continues another: paths and sizes that did not fit. Bytes. */
const EXTENSION_LIMIT = 64 * 1024;
/** Zeros and other remains behind the end; writers fill up to a record. Bytes. */
const TRAILING_LIMIT = 1024 * 1024;
const ENTRIES_LIMIT = 100_000;

/**
 * Reads the files and folders of a tar archive (ustar, pax or GNU) that came from outside. Memory does not depend on
 * what the archive claims. Links, devices and anything else that is neither file nor folder are refused, as are paths
 * that are not plain, and a second file at one path.
 * @throws FormatError saying what is wrong with the archive; what the source throws.
 */
export async function* readTar(source: AsyncIterable<Buffer>): AsyncGenerator<TarEntry> {
  const stream = new ByteStream(source);
  const seen = new Set<string>();
  try {
    for (let header = await nextHeader(stream); header; header = await nextHeader(stream)) {
      const path = plainPath(header);
      if (path !== '') {
        if (header.type === '0') {
          if (seen.has(path)) throw new FormatError(`the archive holds two files at "${path}"`);
          seen.add(path);
          if (seen.size > ENTRIES_LIMIT)
            throw new FormatError(`the archive holds more than ${ENTRIES_LIMIT} files`);
        }
        const content = stream.part(header.size);
        yield { path, folder: header.type === '5', size: header.size, content };
        await stream.skipRest();
      }
      await stream.take(paddingOf(header.size));
    }
    await readTrailer(stream);
  } finally {
    await stream.close();
  }
}

/** Empty for the archive's own root folder. */
function plainPath({ path, type, size }: TarHeader): string {
  if (type !== '0' && type !== '5') {
    const what = type === '1' || type === '2' ? 'a link' : 'neither a file nor a folder';
    throw new FormatError(
      `the archive entry ${JSON.stringify(path.slice(0, 200))} is ${what}, which is refused`,
    );
  }
  if (type === '5' && size > 0) throw new FormatError('the archive holds a folder that has a content');
  const bare = path.replace(/^(?:\.\/)+/, '');
  const name = type === '5' ? bare.replace(/\/$/, '') : bare;
  return type === '5' && (name === '' || name === '.') && path !== '' ? '' : checkFilePath(name);
}

/** The next header of a file or folder, with what the headers before it say of it; undefined at the end. */
async function nextHeader(stream: ByteStream): Promise<TarHeader | undefined> {
  let path: string | undefined;
  let size: number | undefined;
  for (;;) {
    const header = decodeTarHeader(await stream.take(BLOCK));
    if (!header) return undefined;
    if (!['x', 'g', 'L', 'K'].includes(header.type))
      return { ...header, path: path ?? header.path, size: size ?? header.size };
    if (header.size > EXTENSION_LIMIT)
      throw new FormatError(
        `the archive holds a header of ${header.size} bytes; ${EXTENSION_LIMIT} is the most`,
      );
    const text = await stream.take(header.size);
    await stream.take(paddingOf(header.size));
    if (header.type === 'L') path = text.toString('utf8').replace(/\0.*$/s, '');
    if (header.type !== 'x') continue;
    const records = readRecords(text);
    path = records.get('path') ?? path;
    size = readSize(records.get('size')) ?? size;
  }
}

/** `length key=value\n`, where length counts the whole record. */
function readRecords(bytes: Buffer): Map<string, string> {
  const records = new Map<string, string>();
  for (let start = 0; start < bytes.length;) {
    const space = bytes.indexOf(0x20, start);
    const length = Number(bytes.toString('latin1', start, space));
    const end = start + length;
    const equals = bytes.indexOf(0x3d, space);
    if (space === -1 || !Number.isInteger(length) || end > bytes.length || equals === -1 || equals >= end)
      throw new FormatError('the archive holds a header that cannot be read');
    records.set(bytes.toString('utf8', space + 1, equals), bytes.toString('utf8', equals + 1, end - 1));
    start = end;
  }
  if ([...records.keys()].some((key) => key.startsWith('GNU.sparse')))
    throw new FormatError('the archive holds a file with holes, which is refused');
  return records;
}

function readSize(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const size = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(size)) throw new FormatError('the archive holds an impossible number');
  return size;
}

async function readTrailer(stream: ByteStream): Promise<void> {
  let length = 0;
  for (let chunk = await stream.next(); chunk; chunk = await stream.next()) {
    length += chunk.length;
    if (length > TRAILING_LIMIT) throw new FormatError('the archive goes on behind its end');
  }
}
