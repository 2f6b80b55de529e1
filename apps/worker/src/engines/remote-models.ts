import { createHash } from 'node:crypto';
import type { Catalogue } from '#cluster';
import { type CatalogueModel, InvalidReference, parseModelReference } from '#contracts';
import type { Engine } from '#engines';
import type { Logger } from '#observability';

/** An engine whose models are somewhere else. */
export interface ListingEngine extends Engine {
  /** Names over there. @throws EngineStartError while it cannot be asked */
  remoteModels(): Promise<readonly string[]>;
}

export function listsModels(engine: Engine): engine is ListingEngine {
  return 'remoteModels' in engine;
}

export interface RemoteModelsOptions {
  readonly engine: ListingEngine;
  /** Where its server is: part of the ids. */
  readonly url: string;
  readonly catalogue: Pick<Catalogue, 'list' | 'put' | 'removed'>;
  readonly logger: Logger;
}

/** The models of an attached server as models of the cluster. */
export class RemoteModels {
  private names: ReadonlyMap<string, string> = new Map();

  constructor(private readonly options: RemoteModelsOptions) {}

  /** Ids of the models the server had when it was last asked. */
  get ids(): readonly string[] {
    return [...this.names.keys()];
  }

  /** What the server calls a model; undefined when it has none of that id. */
  nameOf(modelId: string): string | undefined {
    return this.names.get(modelId);
  }

  /**
   * Asks the server what it has and tells the catalogue, but of what was removed there.
   * @throws EngineStartError when the server cannot be asked; LongshoreError `redis_unavailable`
   */
  async synchronise(now: number): Promise<void> {
    const { engine, url, catalogue, logger } = this.options;
    const names = new Map((await engine.remoteModels()).map((name) => [remoteModelId(url, name), name]));
    this.names = names;
    const [removed, known] = [await catalogue.removed(), await catalogue.list()];
    for (const [id, name] of names) {
      if (removed.has(id) || known.some((model) => model.id === id)) continue;
      const model = remoteModel({ id, name, known, removed, now });
      if (model.tags.length === 0)
        logger.warn('A model of the attached server has no free name', { name, id });
      await catalogue.put(model);
    }
  }
}

/** The same for every worker that is attached to the server. */
export function remoteModelId(url: string, name: string): string {
  const server = url.replace(/\/+$/, '').replace(/\/v1$/, '');
  return `sha256:${createHash('sha256').update(`${server}\n${name}`).digest('hex')}`;
}

interface RemoteModelFacts {
  readonly id: string;
  readonly name: string;
  readonly known: readonly CatalogueModel[];
  readonly removed: ReadonlySet<string>;
  /** ms since the epoch. */
  readonly now: number;
}

/** A name that another model has, or that was removed, stays as it is: such a model is known by its id. */
function remoteModel({ id, name, known, removed, now }: RemoteModelFacts): CatalogueModel {
  const tag = referenceOf(name);
  const free = tag !== undefined && !removed.has(tag) && !known.some((model) => model.tags.includes(tag));
  return {
    id,
    tags: free ? [tag] : [],
    created: Math.floor(now / 1_000),
    config: { format: 'remote' },
    size: 0,
    origin: '',
  };
}

function referenceOf(name: string): string | undefined {
  try {
    return parseModelReference(name).name;
  } catch (error) {
    if (error instanceof InvalidReference) return undefined;
    throw error;
  }
}
