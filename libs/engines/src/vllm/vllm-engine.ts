import { mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LocalEndpoint } from '../endpoint.js';
import { Engine, EngineStartError, type EngineSession, type SessionSpec } from '../engine.js';
import { askForProgress } from '../life-sign.js';
import { becomeReady, loadLimitOf } from '../process/become-ready.js';
import { EngineProcess } from '../process/engine-process.js';
import { freePort } from '../process/free-port.js';
import { ProcessSession } from '../process/process-session.js';
import { newSocketPath } from '../process/socket-path.js';
import { rememberSuccess } from '../remember-success.js';
import { vllmArguments } from './arguments.js';
import { callVllm } from './call-vllm.js';
import { processorEnvironment, vllmEnvironment } from './environment.js';
import { explainVllmEnd, vllmLackedMemory } from './error-patterns.js';
import { readModelFolder } from './model-folder.js';
import { probeVllm, type VllmProbe } from './probe.js';
import { resumeVllm } from './resume-vllm.js';

/** What Python, compilers and the capture of graphs may take beside reading the weights; ms. */
const START_UP_MS = 8 * 60_000;

/** Below it come names of 37 bytes, and the path of a socket may have 100; bytes. */
const LONGEST_SCRATCH_PATH = 63;

/** What the engine core tells after each step. `/health` is answered also while the core is stuck. */
const TOLD_BY_THE_CORE =
  /^vllm:(?:(?:kv|gpu|cpu)_cache_usage_perc|num_requests_(?:running|waiting)|(?:prompt|generation)_tokens_total|iteration_tokens_total_(?:count|sum))\b.*$/gm;

export interface VllmOptions {
  /** Absolute path of the program. */
  readonly binary: string;
  /** Our own environment; what concerns the machine is passed on. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** vLLM through `vllm serve`: one process group and one unix socket a session. */
export class VllmEngine extends Engine {
  readonly name = 'vllm';
  readonly driver = 'vllm';
  readonly #binary: string;
  readonly #environment: Readonly<Record<string, string>>;
  readonly #probe = rememberSuccess(() => probeVllm(this.#binary, this.#environment));

  constructor({ binary, environment }: VllmOptions) {
    super();
    this.#binary = binary;
    this.#environment = vllmEnvironment(environment);
  }

  probe(): Promise<VllmProbe> {
    return this.#probe();
  }

  async start(spec: SessionSpec, signal: AbortSignal): Promise<EngineSession> {
    signal.throwIfAborted();
    refuseOtherFormats(spec);
    const probe = await this.probe();
    const limitMs = START_UP_MS + (await loadLimitOf(spec.files.weights));
    const folder = await readModelFolder(spec.files);
    const endpoint = await newEndpoint(spec.runDirectory, probe.knownFlags);
    const line = vllmArguments(spec, { endpoint, folder, probe });
    signal.throwIfAborted();
    const scratchFolder = newScratchFolder(spec.runDirectory);
    const engineProcess = new EngineProcess({
      command: {
        program: this.#binary,
        arguments: line,
        environment: {
          ...(probe.processorOnly && processorEnvironment(spec.threads)),
          ...this.#environment,
          // Its processes talk through sockets, which it leaves behind.
          VLLM_RPC_BASE_PATH: scratchFolder,
        },
      },
      log: spec.log,
      ...endpoint,
      scratchFolder,
      sharesMemory: true,
      explain: explainVllmEnd,
      lackedMemory: vllmLackedMemory,
    });
    await becomeReady(engineProcess, { subject: 'vLLM', ...endpoint, limitMs, signal });
    return new ProcessSession({
      slots: spec.slots,
      ...endpoint,
      engineProcess,
      send: (at, call) => callVllm(at, call, spec.servedName),
      lifeSign: askForProgress({ lines: TOLD_BY_THE_CORE, without: 'listening' }),
      goOn: (at, call, delivered) =>
        resumeVllm(
          { endpoint: at, call, delivered },
          {
            servedName: spec.servedName,
            answersPlainly: !line.some((word) => word.startsWith('--reasoning-parser')),
          },
        ),
    });
  }
}

function refuseOtherFormats({ files }: SessionSpec): void {
  if (files.format === 'safetensors') return;
  throw new EngineStartError(`vLLM runs models in safetensors, and this one is ${files.format}.`);
}

/** A unix socket where the installed vLLM knows them, else a port that only this machine reaches. */
async function newEndpoint(runDirectory: string, knownFlags: ReadonlySet<string>): Promise<LocalEndpoint> {
  if (knownFlags.has('--uds')) return { socketPath: newSocketPath(runDirectory) };
  return { host: '127.0.0.1', port: await freePort() };
}

/** For the sockets by which its processes talk; in the system's folder where theirs would get too long a path. */
function newScratchFolder(runDirectory: string): string {
  const path = newSocketPath(runDirectory).replace(/\.sock$/, '.d');
  if (Buffer.byteLength(path) > LONGEST_SCRATCH_PATH) return mkdtempSync(join(tmpdir(), 'longshore-'));
  mkdirSync(path, { mode: 0o700 });
  return path;
}
