import { Engine, EngineStartError, type EngineSession, type SessionSpec } from '../engine.js';
import { askRoute } from '../life-sign.js';
import { becomeReady, loadLimitOf } from '../process/become-ready.js';
import { EngineProcess } from '../process/engine-process.js';
import { freePort } from '../process/free-port.js';
import { ProcessSession } from '../process/process-session.js';
import { rememberSuccess } from '../remember-success.js';
import { sglangArguments } from './arguments.js';
import { callSglang } from './call-sglang.js';
import { sglangEnvironment } from './environment.js';
import { explainSglangEnd, sglangLackedMemory } from './error-patterns.js';
import type { SglangProgram } from './find-sglang.js';
import { probeSglang, type SglangProbe } from './probe.js';

/** What Python, compilers and the capture of graphs may take beside reading the weights; ms. */
const START_UP_MS = 8 * 60_000;

const HOST = '127.0.0.1';

export interface SglangOptions {
  readonly program: SglangProgram;
  /** Our own environment; what concerns the machine is passed on. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** SGLang: one process group a session, at a port of its own that only this machine reaches; it knows no unix sockets. */
export class SglangEngine extends Engine {
  readonly name = 'sglang';
  readonly driver = 'sglang';
  readonly #program: SglangProgram;
  readonly #environment: Readonly<Record<string, string>>;
  readonly #probe = rememberSuccess(() => probeSglang(this.#program, this.#environment));

  constructor({ program, environment }: SglangOptions) {
    super();
    this.#program = program;
    this.#environment = sglangEnvironment(environment);
  }

  probe(): Promise<SglangProbe> {
    return this.#probe();
  }

  async start(spec: SessionSpec, signal: AbortSignal): Promise<EngineSession> {
    signal.throwIfAborted();
    if (spec.files.format !== 'safetensors') {
      throw new EngineStartError(`SGLang runs models in safetensors, and this one is ${spec.files.format}.`);
    }
    const { knownFlags, automatic } = await this.probe();
    const limitMs = START_UP_MS + (await loadLimitOf(spec.files.weights));
    const endpoint = { host: HOST, port: await freePort() };
    signal.throwIfAborted();
    const line = sglangArguments(spec, { ...endpoint, knownFlags, automatic });
    const engineProcess = new EngineProcess({
      command: {
        program: this.#program.path,
        arguments: [...this.#program.serve, ...line],
        environment: this.#environment,
      },
      log: spec.log,
      sharesMemory: true,
      explain: explainSglangEnd,
      lackedMemory: sglangLackedMemory,
    });
    await becomeReady(engineProcess, { subject: 'SGLang', ...endpoint, limitMs, signal });
    return new ProcessSession({
      slots: spec.slots,
      ...endpoint,
      engineProcess,
      send: (at, call) => callSglang(at, call, spec.servedName),
      // Says 200 when its scheduler has said anything since.
      lifeSign: askRoute('/health_generate', 'working'),
    });
  }
}
