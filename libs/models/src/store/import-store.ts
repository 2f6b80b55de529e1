import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InvalidReference, MODEL_ID, parseModelReference, type ModelReference } from '#contracts';
import { FormatError } from '../formats/format-error.js';
import { isRecord } from '../formats/json.js';
import { blobsOf, digestOf, parseManifest } from '../formats/manifest.js';
import { hasCode, ifPresent } from './durable-files.js';
import type { ModelStore } from './model-store.js';
import { StoreError } from './store-error.js';
import { hex } from './store-layout.js';

export interface ImportStore {
  /** Store of Docker Model Runner: the folder with `layout.json` and `models.json`. Nothing in it is changed. */
  readonly from: string;
  readonly to: ModelStore;
  /** Aborting rejects with the signal's reason; models that were taken over by then stay. */
  readonly signal?: AbortSignal;
}

/** What came of an import; ids of models. */
export interface ImportedModels {
  readonly imported: readonly string[];
  /** Were here before. */
  readonly present: readonly string[];
  readonly skipped: readonly { readonly id: string; readonly why: string }[];
}

interface ForeignModel {
  readonly id: string;
  readonly tags: readonly string[];
}

/**
 * Takes the models of a Docker Model Runner store over, with their names; a name that means something else here keeps
 * its meaning. Bytes are shared where the file system allows it and copied where not, and every byte is checked. May
 * be repeated, also by several processes at once: what is here is left alone.
 * @throws StoreError `unusable` when there is no such store, `no-room`; the signal's reason
 */
export async function importModelRunnerStore(options: ImportStore): Promise<ImportedModels> {
  const imported: string[] = [];
  const present: string[] = [];
  const skipped: { id: string; why: string }[] = [];
  for (const model of await readModels(options.from)) {
    options.signal?.throwIfAborted();
    try {
      if (await options.to.get(model.id)) present.push(model.id);
      else imported.push(await takeOver(model, options));
      await giveNames(model, options.to);
    } catch (error) {
      if (!(error instanceof FormatError || (error instanceof StoreError && error.reason !== 'no-room')))
        throw error;
      skipped.push({ id: model.id, why: error.message });
    }
  }
  return { imported, present, skipped };
}

async function takeOver({ id }: ForeignModel, { from, to, signal }: ImportStore): Promise<string> {
  const manifest = await ifPresent(readFile(join(from, 'manifests', 'sha256', hex(id))));
  if (!manifest) throw new StoreError('not-found', `its manifest is missing`);
  if (digestOf(manifest) !== id) throw new StoreError('mismatch', `its manifest is damaged`);
  const blobs = blobsOf(parseManifest(manifest));
  const room = to.traits.hardLinks ? undefined : await to.reserve(blobs);
  try {
    await to.holding(signal, async () => {
      for (const blob of blobs) {
        const file = join(from, 'blobs', 'sha256', hex(blob.digest));
        await to.adopt({ blob, file, ...(signal && { signal }) });
      }
      await to.put({ manifest });
    });
  } finally {
    await room?.release();
  }
  return id;
}

/** A model that got none of its names is there without one. */
async function giveNames({ id, tags }: ForeignModel, store: ModelStore): Promise<void> {
  for (const tag of tags) {
    const reference = readTag(tag);
    if (reference && (await store.findByReference(reference.name)) === undefined)
      await store.tag(id, reference.name);
  }
}

function readTag(tag: string): ModelReference | undefined {
  try {
    return parseModelReference(tag);
  } catch (error) {
    if (error instanceof InvalidReference) return undefined;
    throw error;
  }
}

async function readModels(folder: string): Promise<ForeignModel[]> {
  const version = (await readDocument(folder, 'layout.json'))['version'];
  if (typeof version !== 'string' || !version.startsWith('1.0.')) {
    throw notAStore(folder, `its layout version is ${JSON.stringify(version)} and not 1.0.x`);
  }
  const models = (await readDocument(folder, 'models.json'))['models'];
  if (!Array.isArray(models)) throw notAStore(folder, 'models.json lists no models');
  return models.flatMap((model: unknown): ForeignModel[] => {
    if (!isRecord(model)) return [];
    const { id, tags } = model;
    if (typeof id !== 'string' || !MODEL_ID.test(id)) return [];
    const names = Array.isArray(tags) ? tags : [];
    return [{ id, tags: names.filter((tag): tag is string => typeof tag === 'string') }];
  });
}

async function readDocument(folder: string, name: string): Promise<Record<string, unknown>> {
  try {
    const document: unknown = JSON.parse(await readFile(join(folder, name), 'utf8'));
    return isRecord(document) ? document : {};
  } catch (error) {
    if (error instanceof SyntaxError) throw notAStore(folder, `${name} is not JSON`);
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) throw notAStore(folder, `it has no ${name}`);
    if (hasCode(error, 'EACCES', 'EPERM')) throw notAStore(folder, `${name} may not be read`);
    throw error;
  }
}

function notAStore(folder: string, why: string): StoreError {
  return new StoreError('unusable', `${folder} is not a store of Docker Model Runner: ${why}.`);
}
