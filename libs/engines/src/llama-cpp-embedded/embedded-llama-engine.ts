import {
  Engine,
  EngineStartError,
  type EngineProbe,
  type EngineSession,
  type SessionSpec,
} from '../engine.js';
import { becomeReady, loadLimitOf } from '../process/become-ready.js';
import { EngineProcess } from '../process/engine-process.js';
import { ProcessSession } from '../process/process-session.js';
import { newSocketPath } from '../process/socket-path.js';
import { rememberSuccess } from '../remember-success.js';
import { explainHostEnd, hostLackedMemory, HOST } from './explain-host-end.js';
import { findHostEntry, hostArguments, hostCommand, type Environment } from './host-command.js';

export interface EmbeddedLlamaOptions {
  /** Our own environment; what concerns the machine is passed on. */
  readonly environment: Environment;
  /** `auto` (the default) takes what the machine has. */
  readonly gpu?: 'auto' | 'off' | 'cuda' | 'vulkan' | 'metal';
  /** The module the host runs; absent = ours. */
  readonly hostEntry?: string;
}

/** llama.cpp as npm installs it, in a process of our own that answers as llama-server does. */
export class EmbeddedLlamaEngine extends Engine {
  readonly name = 'llama.cpp';
  readonly driver = 'embedded';
  readonly #options: EmbeddedLlamaOptions;
  readonly #probe = rememberSuccess(() => this.#askVersion());

  constructor(options: EmbeddedLlamaOptions) {
    super();
    this.#options = options;
  }

  probe(): Promise<EngineProbe> {
    return this.#probe();
  }

  async start(spec: SessionSpec, signal: AbortSignal): Promise<EngineSession> {
    signal.throwIfAborted();
    const entry = this.#entry();
    const socketPath = newSocketPath(spec.runDirectory);
    const line = hostArguments(spec, { socketPath, gpu: this.#options.gpu ?? 'auto' });
    const limitMs = await loadLimitOf(spec.files.weights);
    signal.throwIfAborted();
    const engineProcess = new EngineProcess({
      command: hostCommand(entry, line, this.#options.environment),
      log: spec.log,
      socketPath,
      explain: explainHostEnd,
      lackedMemory: hostLackedMemory,
    });
    await becomeReady(engineProcess, { subject: HOST, socketPath, limitMs, signal });
    return new ProcessSession({ slots: spec.slots, socketPath, engineProcess });
  }

  #entry(): string {
    return this.#options.hostEntry ?? findHostEntry();
  }

  async #askVersion(): Promise<EngineProbe> {
    const lines: string[] = [];
    const host = new EngineProcess({
      command: hostCommand(this.#entry(), ['--version'], this.#options.environment),
      log: (line) => void lines.push(line),
      explain: explainHostEnd,
    });
    const { code, reason } = await host.exited;
    const version = lines.find((line) => line.startsWith('node-llama-cpp '));
    if (code !== 0 || version === undefined) throw new EngineStartError(reason);
    return { version, formats: ['gguf'], modes: ['completion', 'embedding', 'reranking'] };
  }
}
