import { EngineSession, EngineStartError, type EngineExit } from '../engine.js';
import type { EngineProcess } from '../process/engine-process.js';
import { waitUntilReady } from '../process/readiness.js';

/** One host process. */
export class HostSession extends EngineSession {
  constructor(
    readonly slots: number,
    readonly endpoint: { readonly socketPath: string },
    private readonly host: EngineProcess,
  ) {
    super();
  }

  get pid(): number {
    return this.host.pid;
  }

  get exited(): Promise<EngineExit> {
    return this.host.exited;
  }

  stop(graceMs: number): Promise<void> {
    return this.host.stop(graceMs);
  }
}

export interface Patience {
  readonly socketPath: string;
  readonly limitMs: number;
  readonly signal: AbortSignal;
}

/**
 * Returns when the host answers.
 * @throws EngineStartError, or the signal's reason; the process is gone by then.
 */
export async function becomeReady(host: EngineProcess, patience: Patience): Promise<void> {
  const { socketPath, limitMs, signal } = patience;
  const ended = new AbortController();
  const outcome = await Promise.race([
    waitUntilReady({
      endpoint: { socketPath },
      limitMs,
      signal: AbortSignal.any([signal, ended.signal]),
    }),
    host.exited,
  ]);
  ended.abort();
  if (outcome === 'ready') return;
  if (typeof outcome !== 'string') throw new EngineStartError(outcome.reason);
  await host.stop(0);
  signal.throwIfAborted();
  throw new EngineStartError(
    `The embedded llama.cpp engine was still loading the model after ${Math.round(limitMs / 1000)} s, so it was stopped.`,
  );
}
