import type { RemoteEndpoint } from '../endpoint.js';
import { listModels, OutOfReach, type ServerListing } from './attached-server.js';

export interface WatchTimes {
  /** Between two looks while all is well; ms. */
  readonly interval: number;
  /** A server out of reach for this long counts as gone; ms. */
  readonly patience: number;
}

export const WATCH_TIMES: WatchTimes = { interval: 5_000, patience: 10_000 };

/** Between two looks at a server that did not answer; ms. */
const RETRY_MS = 1_000;

/** Takes a listing; or a sentence, once, when the server is gone. */
export interface Watcher {
  readonly listed: (models: readonly string[]) => void;
  readonly gone: (reason: string) => void;
}

/**
 * Looks whether a server is still there, for as long as anybody watches: one request each time for all watchers.
 * Refusals count as being there: each request gets its own.
 */
export class Reachability {
  readonly #watchers = new Set<Watcher>();
  readonly #endpoint: RemoteEndpoint;
  readonly #times: WatchTimes;
  #timer: NodeJS.Timeout | undefined;
  #failingSince: number | undefined;

  constructor(endpoint: RemoteEndpoint, times: WatchTimes) {
    this.#endpoint = endpoint;
    this.#times = times;
  }

  /** @returns what ends the watching */
  watch(watcher: Watcher): () => void {
    this.#watchers.add(watcher);
    if (this.#watchers.size === 1) this.#lookAfter(this.#times.interval);
    return () => {
      if (this.#watchers.delete(watcher) && this.#watchers.size === 0) this.#rest();
    };
  }

  #rest(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#failingSince = undefined;
  }

  #lookAfter(ms: number): void {
    clearTimeout(this.#timer);
    // The sessions it is for hold the process open, not this.
    const timer = setTimeout(() => void this.#look(timer), ms).unref();
    this.#timer = timer;
  }

  async #look(timer: NodeJS.Timeout): Promise<void> {
    const { interval, patience } = this.#times;
    const began = performance.now();
    const found = await listModels(this.#endpoint, patience).catch((error: unknown) => error);
    if (this.#timer !== timer) return;
    if (!(found instanceof OutOfReach)) {
      this.#failingSince = undefined;
      if (!(found instanceof Error)) this.#tell((watcher) => watcher.listed((found as ServerListing).models));
      return this.#lookAfter(interval);
    }
    this.#failingSince ??= began;
    const failing = performance.now() - this.#failingSince;
    if (failing < patience) return this.#lookAfter(Math.min(RETRY_MS, interval));
    this.#tell((watcher) => watcher.gone(found.message));
    if (this.#watchers.size > 0) this.#lookAfter(interval);
  }

  #tell(news: (watcher: Watcher) => void): void {
    for (const watcher of this.#watchers) news(watcher);
  }
}
