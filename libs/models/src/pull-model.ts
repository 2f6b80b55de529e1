import type { ModelReference, ProgressLine } from '#contracts';
import { blobsOf } from './formats/manifest.js';
import { planBundle } from './formats/plan-bundle.js';
import { explainFailure } from './pull-failure.js';
import { fetchBlobs } from './pull-blobs.js';
import { warningLine } from './pull-progress.js';
import type { ClusterDownloads } from './sources/cluster-downloads.js';
import type { ModelSource, ResolvedModel, SourceAccess } from './sources/model-source.js';
import { SourceError } from './sources/source-error.js';
import type { ModelStore } from './store/model-store.js';
import type { StoredModel } from './store/stored-model.js';
import type { BlobTransfer } from './transfer/blob-transfer.js';

export interface PullModel {
  readonly store: ModelStore;
  readonly source: ModelSource;
  readonly reference: ModelReference;
  readonly bearerToken?: string;
  /** Aborting rejects with the signal's reason; parts that are complete stay for the next pull. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (line: ProgressLine) => void;
  /** Where blobs are asked for first; nowhere when absent. */
  readonly cluster?: ClusterDownloads;
  /** Fetches the bytes; one of this process with default settings when absent. */
  readonly transfer?: BlobTransfer;
}

/** What came of a pull that did not fail. */
export interface PulledModel {
  readonly model: StoredModel;
  /** True when every byte was here already. */
  readonly cached: boolean;
  /** Something the caller should be told although it worked. It was reported as a progress line too. */
  readonly warning?: string;
}

/** Tries of a source that need not answer, because what it has is here. */
const CACHED_ATTEMPTS = 2;

/**
 * Brings a model into a store and gives it its name. Several pulls may run at once, in several processes on one
 * store: each blob is fetched once, and what an earlier pull had finished when it ended, however it ended, is not
 * fetched again. A model appears in the store only when all of it is there and verified. When its source cannot be
 * reached, a model that was pulled by this name before is used as it is, with a warning.
 * @throws SourceError with a sentence for the caller; the signal's reason.
 */
export async function pullModel(pull: PullModel): Promise<PulledModel> {
  try {
    return await pullOrThrow(pull);
  } catch (error) {
    pull.signal?.throwIfAborted();
    throw explainFailure(error, pull);
  }
}

export type FetchModel = Omit<PullModel, 'bearerToken'>;

/**
 * Brings a model into a store without giving it a name, as a copy of what others have.
 * @param fetch `reference` is what the source and sentences for people know it by.
 * @throws like {@link pullModel}
 */
export async function fetchModel(fetch: FetchModel): Promise<StoredModel> {
  const { source, reference, signal } = fetch;
  try {
    const access = signal ? { signal } : {};
    const resolved = await source.resolve(reference, access);
    planBundle(resolved.manifest);
    return (await bringIn(fetch, { resolved, named: false }, access)).model;
  } catch (error) {
    signal?.throwIfAborted();
    throw explainFailure(error, fetch);
  }
}

async function pullOrThrow(pull: PullModel): Promise<PulledModel> {
  const { source, reference } = pull;
  const access: SourceAccess = {
    ...(pull.bearerToken !== undefined && { bearerToken: pull.bearerToken }),
    ...(pull.signal && { signal: pull.signal }),
  };
  const kept = await keptModel(pull);
  let resolved: ResolvedModel;
  try {
    resolved = await source.resolve(reference, { ...access, ...(kept && { attempts: CACHED_ATTEMPTS }) });
  } catch (error) {
    if (kept && error instanceof SourceError && error.unreachable) return useKept(kept, error, pull);
    throw error;
  }
  planBundle(resolved.manifest);
  return bringIn(pull, { resolved, named: true }, access);
}

/** What this store has by the name, provided that it is whole. */
async function keptModel({ store, reference }: PullModel): Promise<StoredModel | undefined> {
  const model = await store.findByReference(reference.name);
  return model && (await store.holds(model.id)) ? model : undefined;
}

function useKept(model: StoredModel, error: SourceError, { reference, onProgress }: PullModel): PulledModel {
  const warning = `Using the copy of "${reference.name}" that was pulled before. It may be out of date: ${error.message}`;
  onProgress?.(warningLine(warning));
  return { model, cached: true, warning };
}

async function bringIn(
  pull: PullModel,
  { resolved, named }: { readonly resolved: ResolvedModel; readonly named: boolean },
  access: SourceAccess,
): Promise<PulledModel> {
  const { store, reference, signal } = pull;
  const put = {
    manifest: resolved.bytes,
    ...(named && { reference }),
    ...(resolved.origin !== '' && { origin: resolved.origin }),
  };
  const here = await store.holding(signal, async () =>
    (await store.isComplete(resolved.bytes)) ? store.put(put) : undefined,
  );
  if (here) return { model: here, cached: true };
  const room = await store.reserve(blobsOf(resolved.manifest));
  try {
    return await store.holding(signal, async () => {
      await fetchBlobs({ ...pull, resolved, access });
      return { model: await store.put(put), cached: false };
    });
  } finally {
    await room.release();
  }
}
