import { createReadStream } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { parseModelId, parseModelReference, type ModelReference } from '#contracts';
import { blobsOf, digestOf, parseManifest } from '../formats/manifest.js';
import { planBundle } from '../formats/plan-bundle.js';
import { readModelConfig } from '../formats/read-model-config.js';
import type { Artifact } from '../package/artifact.js';
import { deliverBlob, hasBlob, type BlobDelivery } from './blob-writer.js';
import { ifPresent, writeFileDurably } from './durable-files.js';
import { locked } from './file-lock.js';
import { openBundle, type ModelFiles } from './model-bundle.js';
import { ModelReader } from './model-reader.js';
import { openLayout } from './open-layout.js';
import { ReferenceFiles } from './reference-files.js';
import { StoreError } from './store-error.js';
import { StoreLayout } from './store-layout.js';
import type { StoredModel } from './stored-model.js';
import { holdingBlobs, sweep, trashModel } from './sweep.js';

export interface PutModel {
  /** Manifest bytes; every blob it names must be in the store. */
  readonly manifest: Buffer;
  readonly reference?: ModelReference;
  /** `registry/repository@sha256:…`; leave out when it came from no registry. */
  readonly origin?: string;
}

/** What an untagging did. `deleted` is the id of the model that lost its last name. */
export interface Untagged {
  readonly untagged: string;
  readonly deleted?: string;
}

/** What a removal did. */
export interface Removed {
  readonly untagged: readonly string[];
  readonly deleted: string;
}

/**
 * Models on one file system, by content. Any number of processes may use one folder at the same time, and any of them
 * may die at any moment: a model is there whole or not at all. The store promises bytes; what is popular, running or
 * allowed is known elsewhere.
 */
export class ModelStore {
  private readonly references: ReferenceFiles;
  private readonly reader: ModelReader;

  private constructor(private readonly layout: StoreLayout) {
    this.references = new ReferenceFiles(layout);
    this.reader = new ModelReader(layout);
  }

  /**
   * Opens the store in a folder, which is made when it is missing.
   * @throws StoreError `unusable`
   */
  static async open(directory: string): Promise<ModelStore> {
    const layout = new StoreLayout(directory);
    await openLayout(layout);
    await sweep(layout);
    return new ModelStore(layout);
  }

  get directory(): string {
    return this.layout.directory;
  }

  /** All models, newest last; ties by id. */
  async list(): Promise<StoredModel[]> {
    const tags = await this.tagsById();
    const models: StoredModel[] = [];
    for (const name of await readdir(this.layout.manifests)) {
      const id = `sha256:${name}`;
      const model = await this.reader.read(id, tags.get(id) ?? []);
      if (model) models.push(model);
    }
    return models.sort((a, b) => a.created - b.created || (a.id < b.id ? -1 : 1));
  }

  async get(id: string): Promise<StoredModel | undefined> {
    return this.reader.read(id, (await this.tagsById()).get(id) ?? []);
  }

  /** Finds by any form of a name: full or short reference, reference with digest, id, id without prefix, 12 digits. */
  async findByReference(name: string): Promise<StoredModel | undefined> {
    const digits = parseModelId(name);
    if (digits !== undefined) {
      const matches = (await readdir(this.layout.manifests)).filter((file) => file.startsWith(digits));
      const model = matches.length === 1 ? await this.get(`sha256:${matches[0]}`) : undefined;
      if (model || digits.length === 64) return model;
    }
    const reference = parseModelReference(name);
    const id = reference.digest ?? (await this.references.find(reference));
    return id === undefined ? undefined : this.get(id);
  }

  /** True when every byte of the model is here. */
  async isComplete(manifest: Buffer): Promise<boolean> {
    const blobs = blobsOf(parseManifest(manifest));
    const stored = await ifPresent(readFile(this.layout.manifest(digestOf(manifest))));
    if (stored?.equals(manifest) !== true) return false;
    const present = await Promise.all(blobs.map((blob) => hasBlob(this.layout, blob)));
    return present.every(Boolean);
  }

  /** Keeps all blobs from being removed while `task` runs; around everything that ends in {@link put}. */
  async holding<T>(signal: AbortSignal | undefined, task: () => Promise<T>): Promise<T> {
    return holdingBlobs(this.layout, signal, task);
  }

  /** Brings one blob in; see {@link deliverBlob}. Within {@link holding}. */
  async deliver(delivery: BlobDelivery): Promise<boolean> {
    return deliverBlob(this.layout, delivery);
  }

  /** The bytes of a blob that is small and present. */
  async readBlob(digest: string): Promise<Buffer> {
    return readFile(this.layout.blob(digest));
  }

  /**
   * Makes a model of blobs that are here, under a name or none.
   * @throws StoreError `mismatch` when a blob is missing; FormatError when the artifact cannot be used.
   */
  async put({ manifest, reference, origin }: PutModel): Promise<StoredModel> {
    const id = digestOf(manifest);
    const parsed = parseManifest(manifest);
    planBundle(parsed);
    for (const blob of blobsOf(parsed)) {
      if (await hasBlob(this.layout, blob)) continue;
      throw new StoreError(
        'mismatch',
        `The model ${id} cannot be stored: its part ${blob.digest} is missing.`,
      );
    }
    readModelConfig(await this.readBlob(parsed.config.digest), parsed.config.mediaType);
    await this.changing(async () => {
      if (origin !== undefined) await this.write(this.layout.origin(id), `${origin}\n`);
      await this.write(this.layout.manifest(id), manifest);
      if (reference) await this.references.write(reference, id);
    });
    const model = await this.get(id);
    if (!model) throw new StoreError('not-found', `The model ${id} was removed while it was being stored.`);
    return model;
  }

  /** Stores an artifact made on this machine. */
  async putArtifact(artifact: Artifact, reference?: ModelReference): Promise<StoredModel> {
    return this.holding(undefined, async () => {
      for (const { descriptor, content } of artifact.blobs) {
        const open = async (offset: number): Promise<AsyncIterable<Buffer>> =>
          typeof content === 'string'
            ? createReadStream(content, { start: offset })
            : chunk(content.subarray(offset));
        await this.deliver({ blob: descriptor, open });
      }
      return this.put({ manifest: artifact.manifest, ...(reference && { reference }) });
    });
  }

  /**
   * Gives a model one more name, taking the name from the model that had it.
   * @throws StoreError `not-found`
   */
  async tag(id: string, name: string): Promise<void> {
    const reference = parseModelReference(name);
    await this.changing(async () => {
      if (!(await this.has(id))) throw new StoreError('not-found', `There is no model ${id} in the store.`);
      await this.references.write(reference, id);
    });
  }

  /** Takes a name away, and the model with it when it was the last one. Undefined when nothing has the name. */
  async untag(name: string): Promise<Untagged | undefined> {
    const reference = parseModelReference(name);
    const result = await this.changing(async (): Promise<Untagged | undefined> => {
      const id = await this.references.find(reference);
      if (id === undefined) return undefined;
      await this.references.remove(reference);
      const named = (await this.references.list()).some((other) => other.id === id);
      const deleted = !named && (await trashModel(this.layout, id));
      return { untagged: reference.name, ...(deleted && { deleted: id }) };
    });
    await sweep(this.layout);
    return result;
  }

  /** Removes a model with all its names. Undefined when it is not there. */
  async remove(id: string): Promise<Removed | undefined> {
    const result = await this.changing(async (): Promise<Removed | undefined> => {
      if (!(await this.has(id))) return undefined;
      const untagged = (await this.references.list())
        .filter((reference) => reference.id === id)
        .map(({ name }) => name);
      for (const name of untagged) await this.references.remove(parseModelReference(name));
      await trashModel(this.layout, id);
      return { untagged, deleted: id };
    });
    await sweep(this.layout);
    return result;
  }

  /**
   * The files of a model for an engine, put together on the first call.
   * @throws StoreError `not-found`; FormatError when the artifact cannot be laid out.
   */
  async files(id: string): Promise<ModelFiles> {
    return this.holding(undefined, async () => {
      const manifest = await ifPresent(readFile(this.layout.manifest(id)));
      if (!manifest) throw new StoreError('not-found', `There is no model ${id} in the store.`);
      return openBundle(this.layout, id, planBundle(parseManifest(manifest)));
    });
  }

  private async has(id: string): Promise<boolean> {
    return (await ifPresent(readFile(this.layout.manifest(id)))) !== undefined;
  }

  /** Names and manifests change under one short lock, so that a model cannot lose its last name while it gets one. */
  private async changing<T>(task: () => Promise<T>): Promise<T> {
    return locked(this.layout.lock('names'), {}, task);
  }

  private async write(path: string, content: Buffer | string): Promise<void> {
    await writeFileDurably(path, content, this.layout.partial);
  }

  private async tagsById(): Promise<Map<string, string[]>> {
    const tags = new Map<string, string[]>();
    for (const { id, name } of await this.references.list()) tags.set(id, [...(tags.get(id) ?? []), name]);
    return tags;
  }
}

async function* chunk(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}
