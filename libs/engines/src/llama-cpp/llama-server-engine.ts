import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { EngineCall, EngineResponse } from '../engine-client.js';
import { Engine, EngineSession, EngineStartError, type EngineExit, type SessionSpec } from '../engine.js';
import { EngineProcess } from '../process/engine-process.js';
import { loadLimitMs, waitUntilReady, weightsBytes } from '../process/readiness.js';
import { llamaServerArguments } from './arguments.js';
import { callLlamaServer } from './call-llama-server.js';
import { engineEnvironment } from './environment.js';
import { explainLlamaServerEnd } from './error-patterns.js';
import { probeLlamaServer, type LlamaServerProbe } from './probe.js';

export interface LlamaServerOptions {
  /** Absolute path of the program. */
  readonly binary: string;
  /** Our own environment; what concerns the machine is passed on. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly extraArguments?: readonly string[];
}

/** Longest path a unix socket may have everywhere; bytes. */
const SOCKET_PATH_LIMIT = 100;

let lastSocketNumber = 0;

/** llama.cpp through `llama-server`: one process and one unix socket a session. */
export class LlamaServerEngine extends Engine {
  readonly name = 'llama.cpp';
  readonly driver = 'llama-server';
  readonly #options: LlamaServerOptions;
  readonly #environment: Readonly<Record<string, string>>;
  #probe: Promise<LlamaServerProbe> | undefined;

  constructor(options: LlamaServerOptions) {
    super();
    this.#options = options;
    this.#environment = engineEnvironment(options.environment);
  }

  probe(): Promise<LlamaServerProbe> {
    this.#probe ??= probeLlamaServer(this.#options.binary, this.#environment).catch((error: unknown) => {
      this.#probe = undefined;
      throw error;
    });
    return this.#probe;
  }

  async start(spec: SessionSpec, signal: AbortSignal): Promise<EngineSession> {
    signal.throwIfAborted();
    const { knownFlags } = await this.probe();
    const limitMs = loadLimitMs(await sizeOf(spec.files.weights));
    signal.throwIfAborted();
    const socketPath = newSocketPath(spec.runDirectory);
    const line = llamaServerArguments(spec, {
      socketPath,
      knownFlags,
      extraArguments: this.#options.extraArguments ?? [],
    });
    const engineProcess = new EngineProcess({
      command: { program: this.#options.binary, arguments: line, environment: this.#environment },
      log: spec.log,
      socketPath,
      explain: explainLlamaServerEnd,
    });
    await becomeReady(engineProcess, { socketPath, limitMs, signal });
    return new LlamaServerSession(spec.slots, socketPath, engineProcess);
  }
}

class LlamaServerSession extends EngineSession {
  readonly slots: number;
  readonly endpoint: { readonly socketPath: string };
  readonly #process: EngineProcess;

  constructor(slots: number, socketPath: string, engineProcess: EngineProcess) {
    super();
    this.slots = slots;
    this.endpoint = { socketPath };
    this.#process = engineProcess;
  }

  get pid(): number {
    return this.#process.pid;
  }

  get exited(): Promise<EngineExit> {
    return this.#process.exited;
  }

  override call(call: EngineCall): Promise<EngineResponse> {
    return callLlamaServer(this.endpoint, call);
  }

  stop(graceMs: number): Promise<void> {
    return this.#process.stop(graceMs);
  }
}

interface Waiting {
  readonly socketPath: string;
  readonly limitMs: number;
  readonly signal: AbortSignal;
}

/** Returns when the engine answers; otherwise the process is gone when this throws. */
async function becomeReady(engineProcess: EngineProcess, waiting: Waiting): Promise<void> {
  const { socketPath, limitMs, signal } = waiting;
  const stopWaiting = new AbortController();
  const ready = waitUntilReady({
    endpoint: { socketPath },
    limitMs,
    signal: AbortSignal.any([signal, stopWaiting.signal]),
  });
  const outcome = await Promise.race([ready, engineProcess.exited]);
  stopWaiting.abort();
  if (outcome === 'ready') return engineProcess.markReady();
  if (typeof outcome !== 'string') throw new EngineStartError(outcome.reason);
  await engineProcess.stop(0);
  signal.throwIfAborted();
  throw new EngineStartError(
    `llama-server was still loading the model after ${Math.round(limitMs / 1000)} s, so it was stopped.`,
  );
}

async function sizeOf(weights: string): Promise<number> {
  try {
    return await weightsBytes(weights);
  } catch {
    throw new EngineStartError('The model file is not there or may not be read; pull the model again.');
  }
}

/** Unique in this process and beside others that share the folder. */
function newSocketPath(runDirectory: string): string {
  lastSocketNumber += 1;
  const path = join(runDirectory, `e-${process.pid}-${lastSocketNumber}.sock`);
  if (Buffer.byteLength(path) > SOCKET_PATH_LIMIT) {
    throw new EngineStartError(
      `The run folder ${runDirectory} is too long for a unix socket; use one of at most ${SOCKET_PATH_LIMIT - 24} bytes.`,
    );
  }
  rmSync(path, { force: true });
  return path;
}
