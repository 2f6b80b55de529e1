import type { Catalogue } from '#cluster';
import { type CatalogueModel, LongshoreError, parseModelReference, type ProgressLine } from '#contracts';
import type { Logger } from '#observability';
import {
  type ModelFiles,
  type ModelSource,
  type ModelStore,
  type PulledModel,
  pullModel,
  type StoredModel,
  toCatalogueModel,
} from '#models';

export interface LibraryPull {
  readonly reference: string;
  readonly bearerToken?: string;
  readonly signal: AbortSignal;
  readonly onProgress?: (line: ProgressLine) => void;
}

/** The models of one worker: its store, where they come from, and what the cluster is told of them. */
export class ModelLibrary {
  private ids: readonly string[] = [];

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

  /** Tells the catalogue what is in the store, and the store what was deleted while this worker was away. */
  async synchronise(): Promise<void> {
    const removed = await this.catalogue.removed();
    for (const model of await this.store.list()) {
      const gone = removed.has(model.id) ? [model.id] : model.tags.filter((tag) => removed.has(tag));
      for (const name of gone) await this.delete(name);
      const left = gone.length === 0 ? model : await this.store.get(model.id);
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
   * A model and its files, fetched from where it came from when this worker does not have it.
   * @throws LongshoreError `model_not_found`; SourceError
   */
  async provide(modelId: string, signal: AbortSignal): Promise<{ model: StoredModel; files: ModelFiles }> {
    let model = await this.store.get(modelId);
    if (model === undefined) {
      const known = await this.catalogue.find(modelId);
      if (known === undefined) throw new LongshoreError('model_not_found', `No such model: ${modelId}`);
      model = await this.fetch(known, signal);
    }
    return { model, files: await this.store.files(modelId) };
  }

  /** Forgets a reference, or with `sha256:…` a model. @returns the id of the model that is gone, if one is. */
  async delete(name: string): Promise<string | undefined> {
    const deleted = name.startsWith('sha256:')
      ? (await this.store.remove(name))?.deleted
      : (await this.store.untag(name))?.deleted;
    await this.refresh();
    return deleted;
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
