import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { FormatError } from '../formats/format-error.js';

const SHARD = /^(.*)-(\d{5})-of-(\d{5})(\.gguf)$/;

/**
 * The files of a model of which one file is named, first shard first: `model-00001-of-00003.gguf` and its neighbours,
 * or the file alone when its name is not that of a shard.
 * @throws FormatError naming the shards that are missing.
 */
export async function findShards(file: string): Promise<string[]> {
  const [, prefix = '', number = '', total = '', extension = ''] = SHARD.exec(basename(file)) ?? [];
  if (number === '' || Number(total) === 0) return [file];
  const folder = dirname(file);
  const present = new Set(await readdir(folder));
  const names = Array.from(
    { length: Number(total) },
    (_, index) => `${prefix}-${String(index + 1).padStart(5, '0')}-of-${total}${extension}`,
  );
  const missing = names.filter((name) => !present.has(name));
  if (missing.length > 0) {
    const more = missing.length > 1 ? ` and ${missing.length - 1} more` : '';
    throw new FormatError(
      `the model has ${names.length} shards, of which "${missing[0]}"${more} is not in ${folder}`,
    );
  }
  return names.map((name) => join(folder, name));
}
