import type { LocalEndpoint } from '../endpoint.js';
import { EngineStartError } from '../engine.js';
import type { EngineProcess } from './engine-process.js';
import { loadLimitMs, waitUntilReady, weightsBytes } from './readiness.js';

/** Where to ask, and for how long. */
export type Patience = LocalEndpoint & {
  /** The program as the subject of a sentence. */
  readonly subject: string;
  readonly limitMs: number;
  readonly signal: AbortSignal;
};

/**
 * Returns when the engine answers.
 * @throws EngineStartError, or the signal's reason; the process is gone by then.
 */
export async function becomeReady(engineProcess: EngineProcess, patience: Patience): Promise<void> {
  const { subject, limitMs, signal, ...endpoint } = patience;
  const ended = new AbortController();
  const ready = waitUntilReady({
    endpoint,
    limitMs,
    signal: AbortSignal.any([signal, ended.signal]),
  });
  const outcome = await Promise.race([ready, engineProcess.exited]);
  ended.abort();
  if (outcome === 'ready') return engineProcess.markReady();
  if (typeof outcome !== 'string') {
    throw new EngineStartError(outcome.reason, { outOfMemory: outcome.outOfMemory === true });
  }
  await engineProcess.stop(0);
  signal.throwIfAborted();
  throw new EngineStartError(
    `${subject} was still loading the model after ${Math.round(limitMs / 1000)} s, so it was stopped.`,
  );
}

/** How long loading these weights may take; ms. @throws EngineStartError when they cannot be read. */
export async function loadLimitOf(weights: string): Promise<number> {
  try {
    return loadLimitMs(await weightsBytes(weights));
  } catch {
    throw new EngineStartError('The model file is not there or may not be read; pull the model again.');
  }
}
