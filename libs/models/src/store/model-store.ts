import { readdir, readFile, stat } from 'node:fs/promises';
import { parseModelId, parseModelReference, type ModelReference } from '#contracts';
import { blobsOf, digestOf, parseManifest } from '../formats/manifest.js';
import { planBundle } from '../formats/plan-bundle.js';
import { readModelConfig } from '../formats/read-model-config.js';
import type { Artifact } from '../package/artifact.js';
import { adoptFile, type Adoption } from './adopt-file.js';
import { deliverBlob, hasBlob, receiveBlob, type BlobArrival, type BlobDelivery } from './blob-writer.js';
import { collectGarbage, holdingBlobs, sweep, type CollectOptions, type Collected } from './collect.js';
import { ifPresent, writeFileDurably } from './durable-files.js';
import { openBundle, type ModelFiles } from './model-bundle.js';
import { ModelNames, type Removed, type Untagged } from './model-names.js';
import { ModelReader } from './model-reader.js';
import { openLayout, type StoreOptions } from './open-layout.js';
import type { VolumeTraits } from './probe-volume.js';
import { ReferenceFiles } from './reference-files.js';
import { reserveRoom, type Reservation, type WantedBlob } from './room.js';
import { withStaging } from './staging.js';
import { StoreError, damaged, explainingFullDisk, noRoom } from './store-error.js';
import { LOCKS, type StoreLayout } from './store-layout.js';
import { measureUsage, type StoreUsage } from './store-usage.js';
import type { StoredModel } from './stored-model.js';
import { verifyBlob, verifyBlobs, type VerifyOptions } from './verify-blobs.js';
import type { Volume } from './volume.js';

export interface PutModel {
  /** Manifest bytes; every blob it names must be in the store. */
  readonly manifest: Buffer;
  readonly reference?: ModelReference;
  /** `registry/repository@sha256:…`; leave out when it came from no registry. */
  readonly origin?: string;
}

/** A model that stays where it is. */
export interface ModelLease {
  readonly files: ModelFiles;
  /** May be called more than once. */
  release(): Promise<void>;
}

/**
 * Models on one file system, by content. Any number of processes may use one folder at the same time, and any of them
 * may die at any moment: a model is there whole or not at all. The store promises bytes; what is popular, running or
 * allowed is known elsewhere.
 */
export class ModelStore {
  private readonly references: ReferenceFiles;
  private readonly names: ModelNames;
  private readonly reader: ModelReader;

  private constructor(private readonly volume: Volume) {
    this.references = new ReferenceFiles(volume.layout);
    this.names = new ModelNames(volume, this.references);
    this.reader = new ModelReader(volume.layout);
  }

  /**
   * Opens the store in a folder, which is made when it is missing, and removes what nobody needs any more.
   * @throws StoreError `unusable`
   */
  static async open(directory: string, options: StoreOptions = {}): Promise<ModelStore> {
    const volume = await openLayout(directory, options);
    await collectGarbage(volume);
    return new ModelStore(volume);
  }

  /** As it was given to {@link open}. */
  get directory(): string {
    return this.layout.directory;
  }

  /** Of this store and no other; the same for every process that uses it, wherever it is mounted. */
  get id(): string {
    return this.volume.id;
  }

  /** What the file system can do, and how processes exclude each other on it. */
  get traits(): VolumeTraits {
    return this.volume.traits;
  }

  /** All models, newest last; ties by id. */
  async list(): Promise<StoredModel[]> {
    const tags = await this.references.byModel();
    const models: StoredModel[] = [];
    for (const name of await readdir(this.layout.manifests)) {
      const id = `sha256:${name}`;
      const model = await this.reader.read(id, tags.get(id) ?? []);
      if (model) models.push(model);
    }
    return models.sort((a, b) => a.created - b.created || (a.id < b.id ? -1 : 1));
  }

  /** Undefined when it is not there, or so damaged that it has to be pulled again. */
  async get(id: string): Promise<StoredModel | undefined> {
    return this.reader.read(id, (await this.references.byModel()).get(id) ?? []);
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
    const parsed = parseManifest(manifest);
    const stored = await ifPresent(readFile(this.layout.manifest(digestOf(manifest))));
    if (stored?.equals(manifest) !== true) return false;
    const present = await Promise.all(blobsOf(parsed).map((blob) => hasBlob(this.layout, blob)));
    return present.every(Boolean) && (await this.readSound(parsed.config.digest)) !== undefined;
  }

  /** As {@link isComplete}, for a model by its id. */
  async holds(id: string): Promise<boolean> {
    const manifest = await ifPresent(readFile(this.layout.manifest(id)));
    return manifest !== undefined && this.isComplete(manifest);
  }

  /** Keeps all blobs from being removed while `task` runs; around everything that ends in {@link put}. */
  async holding<T>(signal: AbortSignal | undefined, task: () => Promise<T>): Promise<T> {
    return holdingBlobs(this.volume, signal, task);
  }

  /** Brings one blob in; see {@link deliverBlob}. Within {@link holding}. */
  async deliver(delivery: BlobDelivery): Promise<boolean> {
    return deliverBlob(this.volume, delivery);
  }

  /** Brings one blob in, in a way of the caller's own; see {@link receiveBlob}. Within {@link holding}. */
  async receive(arrival: BlobArrival): Promise<boolean> {
    return receiveBlob(this.volume, arrival);
  }

  /** Takes a blob over from a file; see {@link adoptFile}. Within {@link holding}. */
  async adopt(adoption: Adoption): Promise<boolean> {
    return adoptFile(this.volume, adoption);
  }

  /**
   * Keeps room for blobs that are going to be brought in; what is here already needs none. When there is too little,
   * what nobody needs is removed first. Not within {@link holding}, which keeps everything.
   * @throws StoreError `no-room` saying how much is needed and how much is free
   */
  async reserve(wanted: readonly WantedBlob[]): Promise<Reservation> {
    return explainingFullDisk(this.directory, async () => {
      const first = await reserveRoom(this.volume, wanted);
      if ('release' in first) return first;
      await collectGarbage(this.volume, { leftoverAge: 0, keep: wanted.map(({ digest }) => digest) });
      const second = await reserveRoom(this.volume, wanted);
      if ('release' in second) return second;
      throw noRoom(this.directory, second);
    });
  }

  /** The file of a blob that is present; stays there within {@link holding}. */
  async findBlob(digest: string): Promise<{ readonly path: string; readonly size: number } | undefined> {
    const path = this.layout.blob(digest);
    const status = await ifPresent(stat(path));
    return status && { path, size: status.size };
  }

  /** Runs `task` with an empty folder beside the blobs, which is gone afterwards. */
  async staging<T>(signal: AbortSignal, task: (folder: string) => Promise<T>): Promise<T> {
    return withStaging(this.volume, signal, task);
  }

  /**
   * As {@link reserve}, within {@link holding}: nothing is removed to make room.
   * @throws StoreError `no-room`
   */
  async reserveAsIs(wanted: readonly WantedBlob[]): Promise<Reservation> {
    const room = await reserveRoom(this.volume, wanted);
    if ('release' in room) return room;
    throw noRoom(this.directory, room);
  }

  /** The bytes of a blob that is small and present. @throws StoreError `damaged` */
  async readBlob(digest: string): Promise<Buffer> {
    const bytes = await this.readSound(digest);
    if (!bytes) throw damaged(this.directory, digest);
    return bytes;
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
    await this.names.changing(async () => {
      if (origin !== undefined) await this.write(this.layout.origin(id), `${origin}\n`);
      await this.write(this.layout.manifest(id), manifest);
      if (reference) await this.references.write(reference, id);
    });
    const model = await this.get(id);
    if (!model) throw new StoreError('not-found', `The model ${id} was removed while it was being stored.`);
    return model;
  }

  /**
   * Gives a model one more name, taking the name from the model that had it.
   * @throws StoreError `not-found`
   */
  async tag(id: string, name: string): Promise<void> {
    await this.names.tag(id, name);
  }

  /**
   * Takes a name away, and the model with it when it was the last one, unless that is to be kept without a name.
   * Undefined when nothing has the name.
   */
  async untag(name: string, options: { readonly keepModel?: boolean } = {}): Promise<Untagged | undefined> {
    return this.names.untag(name, options);
  }

  /** Removes a model with all its names. Undefined when it is not there. */
  async remove(id: string): Promise<Removed | undefined> {
    return this.names.remove(id);
  }

  /** Removes every model, and everything else that is not in use. @returns ids of the models that are gone. */
  async purge(): Promise<string[]> {
    const gone = await this.names.purge();
    await this.collect({ leftoverAge: 0 });
    return gone;
  }

  /**
   * The files of a model for an engine, put together on the first call. Who is going to use them for longer than a
   * moment takes a {@link lease}.
   * @throws StoreError `not-found`, `damaged`; FormatError when the artifact cannot be laid out.
   */
  async files(id: string): Promise<ModelFiles> {
    return this.holding(undefined, async () => this.bundle(id));
  }

  /**
   * The files of a model, which stay until the lease is released or its process dies, also when the model is removed
   * meanwhile. Any number of leases on one model at once.
   * @throws like {@link files}
   */
  async lease(id: string): Promise<ModelLease> {
    return this.holding(undefined, async () => {
      const lock = await this.volume.locks.acquire(LOCKS.lease(id), { shared: true });
      let held = true;
      const release = async (): Promise<void> => {
        if (!held) return;
        held = false;
        await lock.release();
        await sweep(this.volume);
      };
      try {
        return { files: await this.bundle(id), release };
      } catch (error) {
        await lock.release();
        throw error;
      }
    });
  }

  /**
   * Reads every byte of a model; see {@link verifyBlobs}.
   * @returns digests of parts that were damaged and are gone; pulling the model brings them back.
   * @throws StoreError `not-found`; the signal's reason
   */
  async verify(id: string, options: VerifyOptions = {}): Promise<string[]> {
    return verifyBlobs(this.volume, parseManifest(await this.readManifest(id)), options);
  }

  /** Removes what nobody needs; see {@link collectGarbage}. */
  async collect(options: CollectOptions = {}): Promise<Collected> {
    return collectGarbage(this.volume, options);
  }

  /** Looks at every file of the store. */
  async usage(): Promise<StoreUsage> {
    return measureUsage(this.volume);
  }

  private get layout(): StoreLayout {
    return this.volume.layout;
  }

  private async bundle(id: string): Promise<ModelFiles> {
    const plan = planBundle(parseManifest(await this.readManifest(id)));
    return explainingFullDisk(this.directory, () => openBundle(this.volume, id, plan));
  }

  /**
   * A model as it lies here, to be pushed or exported. Within {@link holding}, or its files may go away.
   * @throws StoreError `not-found`
   */
  async artifact(id: string): Promise<Artifact> {
    const manifest = await this.readManifest(id);
    const blobs = blobsOf(parseManifest(manifest)).map((descriptor) => ({
      descriptor,
      content: this.layout.blob(descriptor.digest),
    }));
    return { id, manifest, blobs };
  }

  private async readManifest(id: string): Promise<Buffer> {
    const manifest = await ifPresent(readFile(this.layout.manifest(id)));
    if (!manifest) throw new StoreError('not-found', `There is no model ${id} in the store.`);
    if (digestOf(manifest) !== id) throw damaged(this.directory, id);
    return manifest;
  }

  /** Bytes that are wrong are removed and not given to anybody. */
  private async readSound(digest: string): Promise<Buffer | undefined> {
    const bytes = await readFile(this.layout.blob(digest));
    if (digestOf(bytes) === digest) return bytes;
    await verifyBlob(this.volume, digest);
    return undefined;
  }

  private async write(path: string, content: Buffer | string): Promise<void> {
    await writeFileDurably(path, content, this.layout.partial);
  }
}
