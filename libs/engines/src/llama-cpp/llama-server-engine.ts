import { Engine, type EngineSession, type SessionSpec } from '../engine.js';
import { askForProgress } from '../life-sign.js';
import { becomeReady, loadLimitOf } from '../process/become-ready.js';
import { EngineProcess } from '../process/engine-process.js';
import { ProcessSession } from '../process/process-session.js';
import { newSocketPath } from '../process/socket-path.js';
import { rememberSuccess } from '../remember-success.js';
import { llamaServerArguments } from './arguments.js';
import { callLlamaServer } from './call-llama-server.js';
import { engineEnvironment } from './environment.js';
import { explainLlamaServerEnd, llamaServerLackedMemory } from './error-patterns.js';
import { probeLlamaServer, type LlamaServerProbe } from './probe.js';
import { resumeLlamaServer } from './resume-llama-server.js';

/** Flags that give the model a projector; the worker's own arguments may do so too. */
const PROJECTOR_FLAG = /^(?:--mmproj|--mmproj-url|-mm|-mmu)(?:=|$)/;

/**
 * Counts the batches it has computed. Older versions do not count them, and answer between two batches only; newer ones
 * answer within a batch too, and all of them answer `/health` even when they are stuck.
 */
const BATCHES = /^llamacpp:n_decode_total .*$/gm;

export interface LlamaServerOptions {
  /** Absolute path of the program. */
  readonly binary: string;
  /** Our own environment; what concerns the machine is passed on. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly extraArguments?: readonly string[];
}

/** llama.cpp through `llama-server`: one process and one unix socket a session. */
export class LlamaServerEngine extends Engine {
  readonly name = 'llama.cpp';
  readonly driver = 'llama-server';
  readonly #options: LlamaServerOptions;
  readonly #environment: Readonly<Record<string, string>>;
  readonly #probe = rememberSuccess(() => probeLlamaServer(this.#options.binary, this.#environment));

  constructor(options: LlamaServerOptions) {
    super();
    this.#options = options;
    this.#environment = engineEnvironment(options.environment);
  }

  probe(): Promise<LlamaServerProbe> {
    return this.#probe();
  }

  async start(spec: SessionSpec, signal: AbortSignal): Promise<EngineSession> {
    signal.throwIfAborted();
    const { knownFlags, draftType } = await this.probe();
    const limitMs = await loadLimitOf(spec.files.weights);
    signal.throwIfAborted();
    const socketPath = newSocketPath(spec.runDirectory);
    const line = llamaServerArguments(spec, {
      socketPath,
      knownFlags,
      ...(draftType !== undefined && { draftType }),
      extraArguments: this.#options.extraArguments ?? [],
    });
    const takesMedia = line.some((word) => PROJECTOR_FLAG.test(word));
    const engineProcess = new EngineProcess({
      command: { program: this.#options.binary, arguments: line, environment: this.#environment },
      log: spec.log,
      socketPath,
      explain: explainLlamaServerEnd,
      lackedMemory: llamaServerLackedMemory,
    });
    await becomeReady(engineProcess, { subject: 'llama-server', socketPath, limitMs, signal });
    return new ProcessSession({
      slots: spec.slots,
      socketPath,
      engineProcess,
      send: (endpoint, call) => callLlamaServer(endpoint, call, takesMedia),
      goOn: resumeLlamaServer,
      lifeSign: askForProgress({ lines: BATCHES, without: 'working' }),
    });
  }
}
