import type { Catalogue } from '#cluster';
import { type CatalogueModel, LongshoreError, parseModelReference, type ProgressLine } from '#contracts';
import type { Logger } from '#observability';
import {
  type ClusterDownloads,
  type DownloadTurns,
  fetchModel,
  loadModel,
  type ModelLease,
  type ModelSource,
  type ModelStore,
  type Neighbour,
  type NeighbourHttp,
  NeighbourSource,
  packageUpload,
  type PulledModel,
  pullModel,
  repackageModel,
  SourceError,
  StoreError,
  type StoredModel,
  toCatalogueModel,
  warningLine,
} from '#models';
import { reconcile } from './reconcile.js';
import { Turns } from './turns.js';

export interface LibraryPull {
  readonly reference: string;
  readonly bearerToken?: string;
  readonly signal: AbortSignal;
  readonly onProgress?: (line: ProgressLine) => void;
}

export interface LibraryUpload {
  readonly body: AsyncIterable<Buffer>;
  /** Bytes, when they are known. */
  readonly size?: number;
  readonly signal: AbortSignal;
}

/** See `PackageUpload`. */
export interface LibraryFiles extends LibraryUpload {
  readonly size: number;
  readonly archive: boolean;
  /** The name of the model. */
  readonly target: string;
  readonly contextSize?: number;
}

export interface ModelLibraryParts {
  readonly store: ModelStore;
  readonly source: ModelSource;
  readonly catalogue: Catalogue;
  readonly logger: Logger;
  /** Workers that announce a model, in the order they are asked for it. */
  readonly neighbours: (modelId: string) => readonly Neighbour[];
  /** Workers with another store than this one, in the order they are asked for a blob. */
  readonly otherStores: () => readonly Neighbour[];
  readonly neighbourHttp: NeighbourHttp;
  readonly turns: DownloadTurns;
  /** The store has changed. */
  readonly onChange: () => void;
}

/** The models of one worker: its store, where they come from, and what the cluster is told of them. */
export class ModelLibrary {
  private ids: readonly string[] = [];
  /** Models whose every byte was read and found right. */
  private readonly sound = new Set<string>();
  /** Names are given and taken one after another, as the cluster says so. */
  private readonly renaming = new Turns();

  private bytes = 0;
  private readonly store: ModelStore;
  private readonly source: ModelSource;
  private readonly catalogue: Catalogue;
  private readonly logger: Logger;

  constructor(private readonly parts: ModelLibraryParts) {
    const { store, source, catalogue, logger } = parts;
    [this.store, this.source, this.catalogue, this.logger] = [store, source, catalogue, logger];
  }

  /** Ids of the models in the store, as of the last change this worker knows of. */
  get stored(): readonly string[] {
    return this.ids;
  }

  /** Bytes the store takes, as of the same moment. */
  get storedBytes(): number {
    return this.bytes;
  }

  /** Tells the catalogue what is in the store, and the store what was deleted and named while this worker was away. */
  async synchronise(): Promise<void> {
    const [removed, known] = [await this.catalogue.removed(), await this.catalogue.list()];
    for (const model of await this.store.list()) {
      const { forget, untag, tag } = reconcile(model, { removed, known });
      for (const name of forget) await this.delete(name);
      for (const name of untag) await this.store.untag(name, { keepModel: true });
      for (const name of tag) await this.store.tag(model.id, name);
      const left = await this.store.get(model.id);
      if (left !== undefined) await this.catalogue.put(toCatalogueModel(left));
    }
    await this.refresh();
  }

  /**
   * Brings a model into the store and the catalogue. What another store of the cluster has, or is fetching, comes from
   * there. When the source cannot be reached, what the cluster has by this name is used, with a warning.
   * @throws SourceError
   */
  async pull(request: LibraryPull): Promise<PulledModel> {
    const pulled = await this.pullFromSource(request).catch(async (error: unknown) => {
      request.signal.throwIfAborted();
      if (!(error instanceof SourceError) || !error.unreachable) throw error;
      const copied = await this.copyKnown(request, error);
      if (copied === undefined) throw error;
      return copied;
    });
    await this.announce(pulled.model, parseModelReference(request.reference).name);
    await this.refresh();
    return pulled;
  }

  private async pullFromSource(request: LibraryPull): Promise<PulledModel> {
    const { reference, bearerToken, signal, onProgress } = request;
    return pullModel({
      store: this.store,
      source: this.source,
      reference: parseModelReference(reference),
      signal,
      cluster: this.downloads(),
      ...(bearerToken === undefined ? {} : { bearerToken }),
      ...(onProgress === undefined ? {} : { onProgress }),
    });
  }

  /** What other workers have by a name that nobody else can be asked about. Undefined when that is nothing. */
  private async copyKnown(
    { reference, signal, onProgress }: LibraryPull,
    reason: SourceError,
  ): Promise<PulledModel | undefined> {
    const known = await this.catalogue.find(reference);
    if (known === undefined || this.parts.neighbours(known.id).length === 0) return undefined;
    const model = await this.fetch({ ...known, origin: '' }, signal, onProgress).catch((error: unknown) => {
      signal.throwIfAborted();
      this.logger.warn('Could not copy a model from other workers', { model: known.id, error });
    });
    if (!model) return undefined;
    const warning = `Using the copy of "${reference}" that another worker has. It may be out of date: ${reason.message}`;
    onProgress?.(warningLine(warning));
    return { model, cached: true, warning };
  }

  private downloads(): ClusterDownloads {
    const { turns, neighbourHttp, otherStores } = this.parts;
    return {
      turns,
      http: neighbourHttp,
      stores: otherStores,
      onLost: (neighbour, reason) =>
        this.logger.warn('A neighbour could not give a part of a model', {
          neighbour: neighbour.name,
          reason,
        }),
    };
  }

  /**
   * A model and its files, fetched from where it came from when this worker does not have it, or not all of it. The
   * caller releases the lease when nothing uses the files any more.
   * @param onProgress takes the bytes that had to be fetched
   * @throws LongshoreError `model_not_found`; SourceError; StoreError
   */
  async provide(
    modelId: string,
    signal: AbortSignal,
    onProgress?: (line: ProgressLine) => void,
  ): Promise<{ model: StoredModel; lease: ModelLease }> {
    const model = await this.store.get(modelId);
    if (model !== undefined) {
      try {
        return { model, lease: await this.store.lease(modelId) };
      } catch (error) {
        if (!(error instanceof StoreError)) throw error;
        this.logger.warn('The files of a model are not whole', { model: modelId, reason: error.message });
      }
    }
    const known = await this.catalogue.find(modelId);
    if (known === undefined) throw new LongshoreError('model_not_found', `No such model: ${modelId}`);
    return { model: await this.fetch(known, signal, onProgress), lease: await this.store.lease(modelId) };
  }

  /**
   * Reads every byte of a model that an engine would not take, once unless there is damage.
   * @returns true when parts were damaged; they are gone, and {@link provide} brings them back.
   */
  async foundDamage(modelId: string, signal: AbortSignal): Promise<boolean> {
    if (this.sound.has(modelId)) return false;
    const damaged = await this.store.verify(modelId, { signal });
    if (damaged.length === 0) this.sound.add(modelId);
    else this.logger.error('Removed damaged parts of a model', { model: modelId, parts: damaged });
    return damaged.length > 0;
  }

  /** Removes what nobody needs from the store. */
  async tidy(): Promise<void> {
    const { files, bytes } = await this.store.collect();
    if (files > 0) this.logger.info('Removed what nobody needs from the model store', { files, bytes });
  }

  /** Forgets a reference, or with `sha256:…` a model. @returns the id of the model that is gone, if one is. */
  async delete(name: string): Promise<string | undefined> {
    const gone = await this.inTurn<{ readonly deleted?: string } | undefined>(() =>
      name.startsWith('sha256:') ? this.store.remove(name) : this.store.untag(name),
    );
    await this.refresh();
    return gone?.deleted;
  }

  /** Makes a name mean one model and no other. A model this worker lacks leaves nobody with the name. */
  async tag(modelId: string, name: string): Promise<void> {
    await this.inTurn(async () => {
      if ((await this.store.get(modelId)) !== undefined) await this.store.tag(modelId, name);
      else await this.store.untag(name, { keepModel: true });
    });
    await this.refresh();
  }

  /** Forgets every model. @returns ids of the models that are gone */
  async purge(): Promise<readonly string[]> {
    const gone = await this.inTurn(() => this.store.purge());
    await this.refresh();
    return gone;
  }

  /** Brings a model out of an exported archive into the store and the catalogue. @returns its id */
  async load({ body, size, signal }: LibraryUpload): Promise<string> {
    const known = size === undefined ? {} : { size };
    return this.made(await loadModel({ store: this.store, archive: body, signal, ...known }));
  }

  /** Makes a model of files as they come. @returns its id */
  async package(files: LibraryFiles): Promise<string> {
    const { target, ...upload } = files;
    const reference = parseModelReference(target);
    const model = await packageUpload({ ...upload, store: this.store, reference, created: new Date() });
    return this.made(model, reference.name);
  }

  /** Makes a model with another context size, under another name. @returns its id */
  async repackage(
    id: string,
    { target, contextSize }: { readonly target: string; readonly contextSize: number },
  ): Promise<string> {
    const reference = parseModelReference(target);
    const model = await repackageModel({ store: this.store, id, target: reference, contextSize });
    return this.made(model, reference.name);
  }

  private async made(model: StoredModel, name?: string): Promise<string> {
    await this.announce(model, name);
    await this.refresh();
    return model.id;
  }

  /**
   * Tells the catalogue of a model and of the one name it was just given, if any. Its other names are known there, or
   * were taken away, which this store may be about to hear.
   */
  private async announce(model: StoredModel, name: string | undefined): Promise<void> {
    const known = toCatalogueModel(model);
    await this.catalogue.put({ ...known, tags: known.tags.filter((tag) => tag === name) });
  }

  private async inTurn<T>(change: () => Promise<T>): Promise<T> {
    const end = await this.renaming.take(new AbortController().signal);
    try {
      return await change();
    } finally {
      end();
    }
  }

  /** Out of the stores of neighbours, and what they cannot give from where it came from. */
  private async fetch(
    { id, tags, origin }: CatalogueModel,
    signal: AbortSignal,
    onProgress?: (line: ProgressLine) => void,
  ): Promise<StoredModel> {
    const neighbours = this.parts.neighbours(id);
    const name = tags[0] ?? id;
    if (origin === '' && neighbours.length === 0) {
      throw new LongshoreError('load_failed', `The files of ${name} are on no worker that can be asked.`);
    }
    const known = neighbours.map((neighbour) => neighbour.name);
    this.logger.info('Fetching a model this worker lacks', { model: id, neighbours: known, origin });
    const source = new NeighbourSource({
      id,
      neighbours,
      http: this.parts.neighbourHttp,
      ...(origin !== '' && { origin: { source: this.source, reference: parseModelReference(origin) } }),
      onLost: (neighbour, reason) =>
        this.logger.warn('A neighbour could not give a model', {
          model: id,
          neighbour: neighbour.name,
          reason,
        }),
    });
    // Sentences name what people know it by.
    const reference = { registry: '', repository: '', digest: id, name };
    const model = await fetchModel({
      store: this.store,
      source,
      reference,
      signal,
      cluster: this.downloads(),
      ...(onProgress && { onProgress }),
    });
    for (const tag of tags) await this.store.tag(id, tag);
    await this.refresh();
    return (await this.store.get(id)) ?? model;
  }

  private async refresh(): Promise<void> {
    this.ids = (await this.store.list()).map((model) => model.id);
    this.bytes = (await this.store.usage()).total;
    this.parts.onChange();
  }
}
