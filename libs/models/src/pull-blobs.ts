import type { ProgressLine } from '#contracts';
import { artifactSize, blobsOf, type Descriptor } from './formats/manifest.js';
import { readModelConfig } from './formats/read-model-config.js';
import { ProgressReporter } from './pull-progress.js';
import type { ModelSource, ResolvedModel, SourceAccess } from './sources/model-source.js';
import { type ClusterDownloads, fetchOnce } from './sources/cluster-downloads.js';
import type { ModelStore } from './store/model-store.js';
import type { PartialPlace } from './store/store-layout.js';
import { BlobTransfer } from './transfer/blob-transfer.js';

export interface FetchBlobs {
  readonly store: ModelStore;
  readonly source: ModelSource;
  readonly transfer?: BlobTransfer;
  readonly onProgress?: (line: ProgressLine) => void;
  readonly resolved: ResolvedModel;
  readonly access: SourceAccess;
  readonly cluster?: ClusterDownloads;
}

/** Of the whole process: pulls that say nothing else share its connections. */
const ownTransfer = new BlobTransfer();

/**
 * Brings the blobs of a model that are missing into the store, several at once. The config first: it is small, and a
 * model whose config cannot be read is not worth downloading. The first failure stops the others, and nothing is
 * still writing when it is reported.
 */
export async function fetchBlobs(fetch: FetchBlobs): Promise<void> {
  const { resolved, access, store, transfer = ownTransfer } = fetch;
  const { config } = resolved.manifest;
  const total = artifactSize(resolved.manifest);
  const emit = fetch.onProgress ?? ((): void => undefined);
  const reporter = new ProgressReporter({ total, emit, now: () => performance.now() });
  await fetchBlob(fetch, transfer, { blob: config, access });
  readModelConfig(await store.readBlob(config.digest), config.mediaType);

  const stop = new AbortController();
  const signal = access.signal ? AbortSignal.any([access.signal, stop.signal]) : stop.signal;
  const waiting = blobsOf(resolved.manifest).filter((blob) => blob.digest !== config.digest);
  const fetchNext = async (): Promise<void> => {
    for (let blob = waiting.shift(); blob; blob = waiting.shift()) {
      await fetchBlob(fetch, transfer, { blob, access: { ...access, signal }, reporter });
    }
  };
  let failure: { readonly error: unknown } | undefined;
  const lanes = Array.from({ length: transfer.settings.blobs }, () =>
    fetchNext().catch((error: unknown) => {
      failure ??= { error };
      stop.abort();
    }),
  );
  await Promise.all(lanes);
  if (failure) throw failure.error;
}

interface OneBlob {
  readonly blob: Descriptor;
  readonly access: SourceAccess;
  readonly reporter?: ProgressReporter;
}

async function fetchBlob(
  { store, source, resolved, cluster }: FetchBlobs,
  transfer: BlobTransfer,
  { blob, access, reporter }: OneBlob,
): Promise<void> {
  let shown = 0;
  // What another has fetched comes here once more; callers see it come once.
  const onProgress = (bytes: number): void => {
    if (bytes > shown) reporter?.report(blob, (shown = bytes));
  };
  const { signal } = access;
  const receive = async (place: PartialPlace, stop: AbortSignal): Promise<void> => {
    const fetch = (from: ModelSource, onArrived: (bytes: number) => void): Promise<void> =>
      transfer.fetch({
        blob,
        signal: stop,
        place,
        onProgress: onArrived,
        open: (range, ended) => from.openBlob(resolved, blob, range, { ...access, signal: ended }),
        onDamaged: () => from.distrust?.(resolved, blob) ?? false,
      });
    const origin = { model: resolved, blob, origin: source, signal: stop, onProgress, fetch };
    await (cluster ? fetchOnce({ ...origin, cluster }) : fetch(source, onProgress));
  };
  await store.receive({ blob, ...(signal && { signal }), onProgress, receive });
}
