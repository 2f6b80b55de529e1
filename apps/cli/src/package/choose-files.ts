import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { type CommandFailure, wrongUsage } from '../command-failure.js';
import type { PackedFile } from './packed-file.js';

/** Where a model's files are, as they were named on the command line. */
export interface FileOptions {
  readonly gguf?: string;
  readonly safetensorsDir?: string;
  readonly license?: readonly string[];
  readonly mmproj?: string;
  readonly chatTemplate?: string;
}

/** The files of a model with the names by which the cluster knows what each is for. @throws CommandFailure */
export async function chooseFiles(options: FileOptions): Promise<PackedFile[]> {
  const { gguf, safetensorsDir, mmproj, chatTemplate, license = [] } = options;
  if (mmproj !== undefined && gguf === undefined)
    throw wrongUsage('--mmproj goes with --gguf; a folder has its projector in it.');
  const weights = gguf === undefined ? await folderFiles(safetensorsDir ?? '') : await ggufFiles(gguf);
  const more: [path: string, name: string][] = license.map((path, index) => [
    path,
    index === 0 ? 'LICENSE' : `LICENSE-${index + 1}`,
  ]);
  if (mmproj !== undefined) more.push([mmproj, 'mmproj.gguf']);
  if (chatTemplate !== undefined) more.push([chatTemplate, 'chat_template.jinja']);
  const names = new Set(more.map(([, name]) => name));
  const named = await Promise.all(more.map(([path, name]) => describe(path, name)));
  return [...weights.filter(({ name }) => !names.has(name)), ...named];
}

const SHARD = /^(.*)-(\d{5})-of-(\d{5})\.gguf$/i;

/** One file, or all shards of which one is named. */
async function ggufFiles(path: string): Promise<PackedFile[]> {
  const [, prefix = '', , total = ''] = SHARD.exec(basename(path)) ?? [];
  if (total === '') return [await describe(path, 'model.gguf')];
  const suffixes = Array.from(
    { length: Number(total) },
    (_, index) => `-${String(index + 1).padStart(5, '0')}-of-${total}.gguf`,
  );
  return Promise.all(
    suffixes.map((suffix) => describe(join(dirname(path), `${prefix}${suffix}`), `model${suffix}`)),
  );
}

/** Every file of a folder and of those in it, but hidden ones. */
async function folderFiles(folder: string): Promise<PackedFile[]> {
  let paths: string[];
  try {
    paths = await filesBelow(resolve(folder));
  } catch (error) {
    throw unreadable(folder, error);
  }
  if (!paths.some((path) => path.endsWith('.safetensors')))
    throw wrongUsage(`There is no .safetensors file in ${folder}; name the folder that holds the weights.`);
  return Promise.all(paths.map((path) => describe(path, relative(resolve(folder), path))));
}

/** Links to files count as files; links to folders are not followed, they may lead in circles. */
async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const shown = entries.filter(({ name }) => !name.startsWith('.'));
  const nested = await Promise.all(
    shown.map(async (entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return filesBelow(path);
      return (await stat(path)).isFile() ? [path] : [];
    }),
  );
  return nested.flat().toSorted((a, b) => (a < b ? -1 : 1));
}

async function describe(path: string, name: string): Promise<PackedFile> {
  try {
    const found = await stat(path);
    if (found.isFile()) return { path, name, size: found.size };
  } catch (error) {
    throw unreadable(path, error);
  }
  throw wrongUsage(`${path} is not a file.`);
}

/** @param path what was looked at, unless the error knows better */
function unreadable(path: string, error: unknown): CommandFailure {
  const { code, message, path: culprit = path } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return wrongUsage(`There is no ${culprit}.`);
  return wrongUsage(`${path} cannot be read: ${message}.`);
}
