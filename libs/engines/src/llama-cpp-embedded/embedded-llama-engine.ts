import { join } from 'node:path';
import { Engine, EngineStartError, type EngineProbe, type SessionSpec } from '../engine.js';
import { EngineProcess } from '../process/engine-process.js';
import { loadLimitMs, weightsBytes } from '../process/readiness.js';
import { explainHostEnd } from './explain-host-end.js';
import { findHostEntry, hostArguments, hostCommand, type Environment } from './host-command.js';
import { HostSession, becomeReady } from './host-session.js';

export interface EmbeddedLlamaOptions {
  /** Our own environment; what concerns the machine is passed on. */
  readonly environment: Environment;
  /** `auto` (the default) takes what the machine has. */
  readonly gpu?: 'auto' | 'off' | 'cuda' | 'vulkan' | 'metal';
}

/** Longest path a unix socket may have everywhere; bytes. */
const SOCKET_PATH_LIMIT = 100;

let lastSocketNumber = 0;

/** llama.cpp as npm installs it, in a process of our own that answers as llama-server does. */
export class EmbeddedLlamaEngine extends Engine {
  readonly name = 'llama.cpp';
  readonly driver = 'embedded';
  readonly #options: EmbeddedLlamaOptions;
  #probe: Promise<EngineProbe> | undefined;

  constructor(options: EmbeddedLlamaOptions) {
    super();
    this.#options = options;
  }

  probe(): Promise<EngineProbe> {
    this.#probe ??= this.#askVersion().catch((error: unknown) => {
      this.#probe = undefined;
      throw error;
    });
    return this.#probe;
  }

  async start(spec: SessionSpec, signal: AbortSignal): Promise<HostSession> {
    signal.throwIfAborted();
    const entry = findHostEntry();
    const socketPath = newSocketPath(spec.runDirectory);
    const line = hostArguments(spec, { socketPath, gpu: this.#options.gpu ?? 'auto' });
    const limitMs = loadLimitMs(await sizeOf(spec.files.weights));
    signal.throwIfAborted();
    const host = new EngineProcess({
      command: hostCommand(entry, line, this.#options.environment),
      log: spec.log,
      socketPath,
      explain: explainHostEnd,
    });
    await becomeReady(host, { socketPath, limitMs, signal });
    return new HostSession(spec.slots, { socketPath }, host);
  }

  async #askVersion(): Promise<EngineProbe> {
    const lines: string[] = [];
    const host = new EngineProcess({
      command: hostCommand(findHostEntry(), ['--version'], this.#options.environment),
      log: (line) => void lines.push(line),
      explain: explainHostEnd,
    });
    const { code, reason } = await host.exited;
    const version = lines.find((line) => line.startsWith('node-llama-cpp '));
    if (code !== 0 || version === undefined) throw new EngineStartError(reason);
    return { version, formats: ['gguf'], modes: ['completion', 'embedding'] };
  }
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
  const path = join(runDirectory, `h-${process.pid}-${lastSocketNumber}.sock`);
  if (Buffer.byteLength(path) <= SOCKET_PATH_LIMIT) return path;
  throw new EngineStartError(
    `The run folder ${runDirectory} is too long for a unix socket; use one of at most ${SOCKET_PATH_LIMIT - 24} bytes.`,
  );
}
