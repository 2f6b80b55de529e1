import type { Catalogue } from '#cluster';
import { type CatalogueModel, LongshoreError, parseModelReference, type ProgressLine } from '#contracts';
import type { Logger } from '#observability';
import {
  type ModelLease,
  type ModelSource,
  type ModelStore,
  type PulledModel,
  pullModel,
  StoreError,
  type StoredModel,
  toCatalogueModel,
} from '#models';
import { reconcile } from './reconcile.js';

export interface LibraryPull {
  readonly reference: string;
  readonly bearerToken?: string;
  readonly signal: AbortSignal;
  readonly onProgress?: (line: ProgressLine) => void;
}

/** The models of one worker: its store, where they come from, and what the cluster is told of them. */
export class ModelLibrary {
  private ids: readonly string[] = [];
  /** Models whose every byte was read and found right. */
  private readonly sound = new Set<string>();

  constructor(
    private readonly store: ModelStore,
    private readonly source: ModelSource,
    private readonly catalogue: Catalogue,
    private readonly logger: Logger,
  ) {}

  /** Ids of the models in the store, as of the last change this worker knows of. */
  get stored(): readonly string[] {
    return this.ids;
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

  /** Brings a model into the store and the catalogue. @throws SourceError */
  async pull({ reference, bearerToken, signal, onProgress }: LibraryPull): Promise<PulledModel> {
    const pulled = await pullModel({
      store: this.store,
      source: this.source,
      reference: parseModelReference(reference),
      signal,
      ...(bearerToken === undefined ? {} : { bearerToken }),
      ...(onProgress === undefined ? {} : { onProgress }),
    });
    await this.catalogue.put(toCatalogueModel(pulled.model));
    await this.refresh();
    return pulled;
  }

  /**
   * A model and its files, fetched from where it came from when this worker does not have it, or not all of it. The
   * caller releases the lease when nothing uses the files any more.
   * @throws LongshoreError `model_not_found`; SourceError; StoreError
   */
  async provide(modelId: string, signal: AbortSignal): Promise<{ model: StoredModel; lease: ModelLease }> {
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
    return { model: await this.fetch(known, signal), lease: await this.store.lease(modelId) };
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
    const deleted = name.startsWith('sha256:')
      ? (await this.store.remove(name))?.deleted
      : (await this.store.untag(name))?.deleted;
    await this.refresh();
    return deleted;
  }

  /** Makes a name mean one model and no other. A model this worker lacks leaves nobody with the name. */
  async tag(modelId: string, name: string): Promise<void> {
    if ((await this.store.get(modelId)) !== undefined) await this.store.tag(modelId, name);
    else await this.store.untag(name, { keepModel: true });
    await this.refresh();
  }

  /** Forgets every model. @returns ids of the models that are gone */
  async purge(): Promise<readonly string[]> {
    const gone = await this.store.purge();
    await this.refresh();
    return gone;
  }

  private async fetch(known: CatalogueModel, signal: AbortSignal): Promise<StoredModel> {
    if (known.origin === '') {
      throw new LongshoreError(
        'load_failed',
        `The files of ${known.tags[0] ?? known.id} are on no worker that can be asked.`,
      );
    }
    this.logger.info('Fetching a model this worker lacks', { model: known.id, origin: known.origin });
    const { model } = await pullModel({
      store: this.store,
      source: this.source,
      reference: parseModelReference(known.origin),
      signal,
    });
    for (const tag of known.tags) await this.store.tag(model.id, tag);
    if (known.tags.length > 0 && !known.tags.includes(known.origin)) await this.store.untag(known.origin);
    await this.refresh();
    return (await this.store.get(model.id)) ?? model;
  }

  private async refresh(): Promise<void> {
    this.ids = (await this.store.list()).map((model) => model.id);
  }
}
