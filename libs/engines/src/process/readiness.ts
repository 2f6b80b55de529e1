import { stat } from 'node:fs/promises';
import { request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { LocalEndpoint } from '../endpoint.js';

/** A load may take this long even when the weights are tiny; ms. */
const SHORTEST_LIMIT_MS = 120_000;

/** The slowest medium that is still worth loading from; bytes per ms (10 MB/s). */
const SLOWEST_READ = 10_000;

const FIRST_PAUSE_MS = 10;
const LONGEST_PAUSE_MS = 250;
const PROBE_LIMIT_MS = 2_000;

/** How long a load may take before it counts as stuck; ms. */
export function loadLimitMs(weightsBytes: number): number {
  return SHORTEST_LIMIT_MS + Math.ceil(weightsBytes / SLOWEST_READ);
}

/** Bytes of all weights, given the first file: shards are named `…-00001-of-00005.gguf` and of about one size. */
export async function weightsBytes(firstFile: string): Promise<number> {
  const shards = Number(/-\d{5}-of-(\d{5})\.[a-z]+$/.exec(firstFile)?.[1] ?? 1);
  const { size } = await stat(firstFile);
  return size * shards;
}

export interface ReadinessOptions {
  readonly endpoint: LocalEndpoint;
  readonly limitMs: number;
  /** Stops the waiting; it then resolves to `aborted`. */
  readonly signal: AbortSignal;
  readonly path?: string;
}

/**
 * Asks `GET /health` until it answers 200: 10 ms apart at first, 250 ms at last. Errors and other answers mean
 * "not yet". Never rejects.
 */
export async function waitUntilReady(options: ReadinessOptions): Promise<'ready' | 'timeout' | 'aborted'> {
  const end = performance.now() + options.limitMs;
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 1.5, LONGEST_PAUSE_MS)) {
    if (options.signal.aborted) return 'aborted';
    if (await answers(options.endpoint, options.path ?? '/health', options.signal)) return 'ready';
    if (performance.now() >= end) return 'timeout';
    await delay(pause, undefined, { signal: options.signal }).catch(() => undefined);
  }
}

function answers(endpoint: LocalEndpoint, path: string, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = request(
      { ...endpoint, path, agent: false, signal, timeout: PROBE_LIMIT_MS },
      (response) => {
        response.resume();
        resolve(response.statusCode === 200);
      },
    );
    probe.once('timeout', () => probe.destroy());
    probe.once('error', () => resolve(false));
    probe.end();
  });
}
