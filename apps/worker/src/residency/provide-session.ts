import type { Catalogue } from '#cluster';
import { type CatalogueModel, LongshoreError, type ProgressLine, type SpeculativeSettings } from '#contracts';
import type { DraftModel, ModelFiles } from '#engines';
import type { ModelLibrary } from './model-library.js';

export interface ProviderParts {
  readonly library: Pick<ModelLibrary, 'provide' | 'foundDamage'>;
  readonly catalogue: Pick<Catalogue, 'find'>;
  /** The name of a model at the attached server; undefined when it is not there. */
  readonly remoteName: (modelId: string) => string | undefined;
}

export interface ProvisionOrder {
  readonly modelId: string;
  readonly speculative?: SpeculativeSettings | undefined;
  readonly signal: AbortSignal;
  readonly onProgress: (line: ProgressLine) => void;
}

/** The files of a session. They stay until it is released. */
export interface Provision {
  readonly model: Pick<CatalogueModel, 'id' | 'tags' | 'config' | 'size'>;
  readonly files: ModelFiles;
  readonly draft?: DraftModel;
  /** May be called more than once. */
  release(): Promise<void>;
  /** Whether files that an engine would not take are damaged; those are gone then, and can be provided again. */
  foundDamage(signal: AbortSignal): Promise<boolean>;
}

/**
 * Brings in what a session needs: a model, and the one that drafts for it.
 * @throws LongshoreError `model_not_found`, `load_failed`; SourceError; StoreError
 */
export async function provideSession(parts: ProviderParts, order: ProvisionOrder): Promise<Provision> {
  const known = await parts.catalogue.find(order.modelId);
  if (known?.config.format === 'remote') return provideRemote(parts, known);
  const { library } = parts;
  const { modelId, speculative, signal, onProgress } = order;
  const { model, lease } = await library.provide(modelId, signal, onProgress);
  const main = {
    model,
    files: lease.files,
    foundDamage: (until: AbortSignal) => library.foundDamage(modelId, until),
  };
  if (speculative === undefined) return { ...main, release: () => lease.release() };
  try {
    const draft = await library.provide(speculative.draftModelId, signal, onProgress);
    const { tokens, minimumAcceptance } = speculative;
    return {
      ...main,
      draft: {
        files: draft.lease.files,
        ...(tokens !== undefined && { tokens }),
        ...(minimumAcceptance !== undefined && { minimumAcceptance }),
      },
      release: async () => void (await Promise.all([lease.release(), draft.lease.release()])),
    };
  } catch (error) {
    await lease.release();
    throw error;
  }
}

function provideRemote({ remoteName }: ProviderParts, model: CatalogueModel): Provision {
  const weights = remoteName(model.id);
  if (weights === undefined) {
    const name = model.tags[0] ?? model.id;
    throw new LongshoreError('load_failed', `The server attached to this worker does not have ${name}.`);
  }
  return {
    model,
    files: { format: 'remote', weights },
    release: async () => undefined,
    foundDamage: async () => false,
  };
}
