import type { Descriptor } from '../formats/manifest.js';
import { pause } from '../pause.js';
import { DamagedBlob } from '../transfer/transfer-error.js';
import type { ModelSource, ResolvedModel } from './model-source.js';
import type { Neighbour, NeighbourHttp } from './neighbours/neighbour-http.js';
import { NeighbourSource } from './neighbours/neighbour-source.js';
import { TransientFailure } from './retry.js';
import { SourceError } from './source-error.js';

/** Held by the one of a cluster who fetches a blob from where it comes from. */
export interface DownloadTurn {
  /** Bytes that have come so far, for those who wait. */
  report(bytes: number): void;
  release(): Promise<void>;
}

/** Who of a cluster fetches what. */
export interface DownloadTurns {
  /**
   * @param waited whether the caller was told to wait before
   * @returns how far another is who has the turn: ask again
   */
  take(digest: string, waited: boolean): Promise<DownloadTurn | { readonly bytes: number }>;
}

/** The other stores of a cluster, and what keeps two of them from downloading the same. */
export interface ClusterDownloads {
  readonly turns: DownloadTurns;
  readonly http: NeighbourHttp;
  /** Stores other than this one, in the order they are asked. */
  readonly stores: () => readonly Neighbour[];
  /** A neighbour that could not give what it had said to have, and why. */
  readonly onLost?: (neighbour: Neighbour, reason: string) => void;
}

export interface FetchOnce {
  readonly cluster: ClusterDownloads;
  readonly model: ResolvedModel;
  readonly blob: Descriptor;
  /** Where the blob comes from outside of the cluster. */
  readonly origin: ModelSource;
  readonly signal: AbortSignal;
  /** Bytes that whoever fetches the blob has so far. */
  readonly onProgress: (bytes: number) => void;
  /** Brings the blob in from a source. May be called again; what came before stays. */
  readonly fetch: (from: ModelSource, onProgress: (bytes: number) => void) => Promise<void>;
}

/** Pause between two questions whose turn it is; ms. */
const ASK_INTERVAL_MS = 500;

/**
 * Brings a blob in so that the cluster downloads it once: out of another store that has it, else from its origin while
 * all others wait. When who has it dies, or cannot give it, the next in turn goes on.
 * @throws what `fetch` throws about the origin; the signal's reason
 */
export async function fetchOnce(request: FetchOnce): Promise<void> {
  const { blob, cluster, origin, signal, fetch, onProgress } = request;
  const failed = new Set<string>();
  let waited = false;
  for (;;) {
    signal.throwIfAborted();
    const turn = await cluster.turns.take(blob.digest, waited);
    if (!('release' in turn)) {
      waited = true;
      onProgress(turn.bytes);
      await pause(ASK_INTERVAL_MS, signal);
      continue;
    }
    let holders: readonly Neighbour[];
    try {
      // Whoever had the turn before may have the blob now.
      holders = await findHolders(request, failed);
      if (holders.length === 0) {
        await fetch(origin, (bytes) => {
          turn.report(bytes);
          onProgress(bytes);
        });
        return;
      }
    } finally {
      await turn.release();
    }
    for (const { url } of holders) failed.add(url);
    if (await triedNeighbours(request, holders)) return;
  }
}

async function findHolders(
  { cluster, blob, signal }: FetchOnce,
  failed: ReadonlySet<string>,
): Promise<readonly Neighbour[]> {
  const asked = cluster.stores().filter(({ url }) => !failed.has(url));
  const answers = await Promise.all(asked.map((store) => cluster.http.hasBlob(store, blob, signal)));
  return asked.filter((_, index) => answers[index]);
}

/** @returns false when the neighbours could not give it */
async function triedNeighbours(request: FetchOnce, neighbours: readonly Neighbour[]): Promise<boolean> {
  const { cluster, model, signal, fetch, onProgress } = request;
  const { http, onLost } = cluster;
  const source = new NeighbourSource({ http, id: model.digest, neighbours, ...(onLost && { onLost }) });
  try {
    await fetch(source, onProgress);
    return true;
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof TransientFailure || error instanceof SourceError || error instanceof DamagedBlob)
      return false;
    throw error;
  }
}
