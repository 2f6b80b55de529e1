import { randomBytes } from 'node:crypto';
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ModelReference } from '#contracts';
import { unpackTar } from '../archive/unpack-archive.js';
import { FormatError } from '../formats/format-error.js';
import { LICENSE_LAYER } from '../formats/media-types.js';
import type { ModelStore } from '../store/model-store.js';
import type { StoredModel } from '../store/stored-model.js';
import type { Artifact } from './artifact.js';
import { checkContextSize } from './check-context-size.js';
import { findShards } from './find-shards.js';
import { packageGguf } from './package-gguf.js';
import { mediaTypeOf, packageSafetensors } from './package-safetensors.js';

export interface PackageUpload {
  readonly store: ModelStore;
  /** One GGUF file, or a tar archive of a model's files. */
  readonly body: AsyncIterable<Buffer>;
  readonly archive: boolean;
  /** Bytes of the body. */
  readonly size: number;
  /** The name of the model. */
  readonly reference: ModelReference;
  /** Tokens the model is to be run with, instead of those it was trained for. */
  readonly contextSize?: number;
  /** Part of the identity: the same files and the same date give the same model id. */
  readonly created: Date;
  readonly signal: AbortSignal;
}

/**
 * Makes a model of files as they come, and stores it. An archive holds GGUF weights, whole or in shards, with what belongs
 * to them beside them: a projector (`mmproj…`), a chat template (`….jinja`) and licences; or a folder of safetensors.
 * Nothing of it stays when it fails.
 * @throws FormatError when it is no model; StoreError `no-room` before anything is written; the signal's reason
 */
export async function packageUpload(upload: PackageUpload): Promise<StoredModel> {
  const { store, size, reference, signal } = upload;
  checkContextSize(upload.contextSize);
  // The digest is known at the end only; until then the room is kept under another.
  const room = await store.reserve([{ digest: `sha256:${randomBytes(32).toString('hex')}`, size }]);
  try {
    return await store.staging(signal, async (folder) => {
      await receive(upload, folder);
      return takeOver(store, await describe(upload, folder), reference);
    });
  } finally {
    await room.release();
  }
}

async function receive({ body, archive, size, signal }: PackageUpload, folder: string): Promise<void> {
  if (archive) return unpackTar(stoppable(body, signal), folder);
  const file = await open(join(folder, 'model.gguf'), 'wx', 0o444);
  try {
    let written = 0;
    for await (const chunk of stoppable(body, signal)) {
      written += chunk.length;
      if (written > size) throw new FormatError('the file is longer than its sender said');
      await file.writeFile(chunk);
    }
    if (written < size) throw new FormatError('the file ends in the middle: it is cut short');
    await file.sync();
  } finally {
    await file.close();
  }
}

async function* stoppable(body: AsyncIterable<Buffer>, signal: AbortSignal): AsyncGenerator<Buffer> {
  for await (const chunk of body) {
    signal.throwIfAborted();
    yield chunk;
  }
}

async function describe({ contextSize, created, signal }: PackageUpload, folder: string): Promise<Artifact> {
  const directory = await rootOf(folder);
  const names = await namesIn(directory);
  const options = { created, signal, ...(contextSize !== undefined && { contextSize }) };
  if (names.some((name) => name.endsWith('.safetensors')))
    return packageSafetensors({ directory, ...options });
  const path = (name: string): string => join(directory, name);
  const files = names.filter((name) => name.toLowerCase().endsWith('.gguf'));
  const projectors = files.filter(isProjector);
  const weights = files.filter((name) => !isProjector(name));
  const [first] = weights;
  if (first === undefined) throw new FormatError('there is neither a GGUF file nor a safetensors file in it');
  const projector = only(projectors, 'projectors');
  const chatTemplate = only(
    names.filter((name) => name.endsWith('.jinja')),
    'chat templates',
  );
  const license = names.filter((name) => mediaTypeOf(name) === LICENSE_LAYER).map(path);
  const shards = await findShards(path(first));
  const others = weights.filter((name) => !shards.includes(path(name)));
  if (others.length > 0)
    throw new FormatError(`there are several models in it: ${[first, ...others].join(', ')}`);
  return packageGguf({
    file: path(first),
    ...options,
    license,
    ...(projector !== undefined && { projector: path(projector) }),
    ...(chatTemplate !== undefined && { chatTemplate: path(chatTemplate) }),
  });
}

/** Archives are often made of a folder, not of what is in it. */
async function rootOf(folder: string): Promise<string> {
  const [entry, ...others] = await readdir(folder, { withFileTypes: true });
  return entry?.isDirectory() === true && others.length === 0 ? join(folder, entry.name) : folder;
}

async function namesIn(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true });
  return entries
    .flatMap((entry) => (entry.isFile() ? [entry.name] : []))
    .toSorted((a, b) => (a < b ? -1 : 1));
}

function isProjector(name: string): boolean {
  return /^mmproj/i.test(name);
}

function only(names: readonly string[], what: string): string | undefined {
  if (names.length > 1) throw new FormatError(`there are several ${what} in it: ${names.join(', ')}`);
  return names[0];
}

/** Files become blobs by a further name, where the file system has that. */
async function takeOver(
  store: ModelStore,
  { blobs, manifest }: Artifact,
  reference: ModelReference,
): Promise<StoredModel> {
  return store.holding(undefined, async () => {
    for (const { descriptor, content } of blobs) {
      if (typeof content === 'string') await store.adopt({ blob: descriptor, file: content });
      else
        await store.deliver({ blob: descriptor, open: (offset) => Promise.resolve(once(content, offset)) });
    }
    return store.put({ manifest, reference });
  });
}

async function* once(content: Buffer, offset: number): AsyncGenerator<Buffer> {
  yield content.subarray(offset);
}
