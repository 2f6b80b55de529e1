import type { ModelReference, ProgressLine } from '#contracts';
import { FormatError } from './formats/format-error.js';
import { artifactSize, blobsOf, type Descriptor } from './formats/manifest.js';
import { planBundle } from './formats/plan-bundle.js';
import { readModelConfig } from './formats/read-model-config.js';
import { pause } from './pause.js';
import { ProgressReporter } from './pull-progress.js';
import type { ModelSource, ResolvedModel, SourceAccess } from './sources/model-source.js';
import { TransientFailure, retryDelay, type RetryPolicy } from './sources/retry.js';
import { SourceError } from './sources/source-error.js';
import { StreamEnded, type OnBroken } from './store/blob-writer.js';
import { hasCode } from './store/durable-files.js';
import type { ModelStore } from './store/model-store.js';
import { StoreError } from './store/store-error.js';
import type { StoredModel } from './store/stored-model.js';

export interface PullModel {
  readonly store: ModelStore;
  readonly source: ModelSource;
  readonly reference: ModelReference;
  readonly bearerToken?: string;
  /** Aborting rejects with the signal's reason; parts that are complete stay for the next pull. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (line: ProgressLine) => void;
}

export interface PulledModel {
  readonly model: StoredModel;
  /** True when every byte was here already. */
  readonly cached: boolean;
}

const PARALLEL_LAYERS = 3;

/** For connections that break while a blob arrives; the count starts again with every megabyte gained. */
const BROKEN_STREAM_RETRY: RetryPolicy = { attempts: 5, baseDelay: 250, maxDelay: 5_000 };
const GAINED_BYTES = 1024 * 1024;

/**
 * Brings a model into a store and gives it its name. Several pulls may run at once, in several processes on one
 * store: each blob is fetched once. A model appears in the store only when all of it is there and verified.
 * @throws SourceError with a sentence for the caller; the signal's reason.
 */
export async function pullModel(pull: PullModel): Promise<PulledModel> {
  try {
    return await pullOrThrow(pull);
  } catch (error) {
    pull.signal?.throwIfAborted();
    throw asSourceError(error, pull);
  }
}

async function pullOrThrow(pull: PullModel): Promise<PulledModel> {
  const { store, source, reference, signal } = pull;
  const access: SourceAccess = {
    ...(pull.bearerToken !== undefined && { bearerToken: pull.bearerToken }),
    ...(signal && { signal }),
  };
  const resolved = await source.resolve(reference, access);
  planBundle(resolved.manifest);
  return store.holding(signal, async () => {
    const cached = await store.isComplete(resolved.bytes);
    if (!cached) await fetchBlobs(pull, resolved, access);
    const model = await store.put({ manifest: resolved.bytes, reference, origin: resolved.origin });
    return { model, cached };
  });
}

/** The config first: it is small, and a model whose config cannot be read is not worth downloading. */
async function fetchBlobs(pull: PullModel, resolved: ResolvedModel, access: SourceAccess): Promise<void> {
  const { config } = resolved.manifest;
  const total = artifactSize(resolved.manifest);
  const emit = pull.onProgress ?? ((): void => undefined);
  const reporter = new ProgressReporter({ total, emit, now: () => performance.now() });
  await fetchBlob({ pull, resolved, access, blob: config });
  readModelConfig(await pull.store.readBlob(config.digest), config.mediaType);

  const stop = new AbortController();
  const signal = access.signal ? AbortSignal.any([access.signal, stop.signal]) : stop.signal;
  const waiting = blobsOf(resolved.manifest).filter((blob) => blob.digest !== config.digest);
  const fetchNext = async (): Promise<void> => {
    for (let blob = waiting.shift(); blob; blob = waiting.shift()) {
      await fetchBlob({ pull, resolved, access: { ...access, signal }, blob, reporter });
    }
  };
  // The first failure stops the others, and nothing is still writing when it is reported.
  let failure: { readonly error: unknown } | undefined;
  const lanes = Array.from({ length: PARALLEL_LAYERS }, () =>
    fetchNext().catch((error: unknown) => {
      failure ??= { error };
      stop.abort();
    }),
  );
  await Promise.all(lanes);
  if (failure) throw failure.error;
}

interface FetchBlob {
  readonly pull: PullModel;
  readonly resolved: ResolvedModel;
  readonly access: SourceAccess;
  readonly blob: Descriptor;
  readonly reporter?: ProgressReporter;
}

async function fetchBlob({ pull, resolved, access, blob, reporter }: FetchBlob): Promise<void> {
  await pull.store.deliver({
    blob,
    open: (offset) => pull.source.openBlob(resolved, blob, offset, access),
    onBroken: patience(access.signal),
    ...(access.signal && { signal: access.signal }),
    ...(reporter && { onProgress: (bytes: number) => reporter.report(blob, bytes) }),
  });
}

/** Goes on after broken connections for as long as the blob gets longer. */
function patience(signal: AbortSignal | undefined): OnBroken {
  let failures = 0;
  let mark = 0;
  return async (error, written) => {
    if (!(error instanceof TransientFailure || error instanceof StreamEnded)) throw error;
    if (written - mark >= GAINED_BYTES) failures = 0;
    mark = written;
    failures += 1;
    if (failures >= BROKEN_STREAM_RETRY.attempts) throw error;
    await pause(retryDelay(BROKEN_STREAM_RETRY, failures, Math.random()), signal);
  };
}

function asSourceError(error: unknown, { reference, store }: PullModel): Error {
  if (error instanceof SourceError) return error;
  const options = { cause: error };
  if (error instanceof FormatError) {
    return new SourceError('unsupported', `"${reference.name}" cannot be used: ${error.message}.`, options);
  }
  if (error instanceof StoreError) return new SourceError('failed', error.message, options);
  if (error instanceof TransientFailure || error instanceof StreamEnded) {
    return new SourceError('failed', `Downloading "${reference.name}" failed: ${error.message}.`, options);
  }
  if (hasCode(error, 'ENOSPC', 'EDQUOT')) {
    return new SourceError('failed', `There is no room left in the model store ${store.directory}.`, options);
  }
  const message = error instanceof Error ? error.message : String(error);
  return new SourceError('failed', `Storing "${reference.name}" failed: ${message}.`, options);
}
