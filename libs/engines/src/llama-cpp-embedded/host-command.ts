import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EngineStartError, type SessionSpec } from '../engine.js';
import { readRuntimeFlags } from './runtime-flags.js';
import type { Command } from '../process/spawn-guarded.js';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Variables that say where libraries, the home and the accelerators are. */
const PASSED_ON =
  /^(?:PATH|HOME|LANG|LC_ALL|TMPDIR|LD_LIBRARY_PATH|DYLD_LIBRARY_PATH)$|^(?:CUDA|NVIDIA|VK|GGML)_/;

const OWN_ENTRY = join('host', 'main.js');

/**
 * The host's entry point. The host runs compiled: beside this module in the build, and in the build's mirror of this
 * folder when this module runs from source, as in tests.
 * @throws EngineStartError when the build is not there.
 */
export function findHostEntry(moduleUrl: string = import.meta.url): string {
  const here = dirname(fileURLToPath(moduleUrl));
  const beside = join(here, OWN_ENTRY);
  if (existsSync(beside)) return beside;
  for (let root = dirname(here); root !== dirname(root); root = dirname(root)) {
    const built = join(root, 'dist', here.slice(root.length), OWN_ENTRY);
    if (existsSync(join(root, 'package.json')) && existsSync(built)) return built;
  }
  throw new EngineStartError(
    `The embedded llama.cpp engine is not built: ${OWN_ENTRY} is neither in ${here} nor in the build. Run "npm run build".`,
  );
}

/** How to run the host under the Node that runs us. None of our own settings and secrets reach it. */
export function hostCommand(entry: string, args: readonly string[], ours: Environment): Command {
  const environment: Record<string, string> = {
    // It shall use what npm installed, and a failed assertion shall not start a debugger.
    NODE_LLAMA_CPP_SKIP_DOWNLOAD: 'true',
    GGML_NO_BACKTRACE: '1',
  };
  for (const [name, value] of Object.entries(ours))
    if (value !== undefined && PASSED_ON.test(name)) environment[name] = value;
  return { program: process.execPath, arguments: [entry, ...args], environment };
}

export interface HostPlace {
  readonly socketPath: string;
  readonly gpu: string;
}

/**
 * The host's command line for a session. The flags of the configuration come last, and win.
 * @throws EngineStartError for what the host cannot do.
 */
export function hostArguments(spec: SessionSpec, { socketPath, gpu }: HostPlace): readonly string[] {
  const { files, mode, contextSize, settings } = spec;
  if (files.format !== 'gguf') throw cannot(`load ${files.format} weights`);
  if (files.projector !== undefined) throw cannot('take images or audio, which this model is made for');
  if (settings?.draft !== undefined) throw cannot('use a draft model');
  const flags = new Map<string, string>([
    ['--model', files.weights],
    ['--socket', socketPath],
    ['--alias', spec.servedName],
    ['--mode', mode],
    ['--slots', String(spec.slots)],
    ['--threads', String(spec.threads)],
    ['--gpu', gpu],
    // Anything below 1 asks for the model's own limit.
    ...pairOf('--context-size', contextSize !== undefined && contextSize > 0 ? contextSize : undefined),
    ...pairOf('--chat-template-file', files.chatTemplate),
    ...budgetFlag(settings?.reasoningBudget),
    ...readRuntimeFlags(settings?.flags ?? []),
  ]);
  return [...flags].map(([flag, value]) => `${flag}=${value}`);
}

/** Reasoning can be left to the model or switched off; it cannot be counted. */
function budgetFlag(budget: number | undefined): [string, string][] {
  if (budget !== undefined && budget > 0)
    throw cannot('limit the tokens of reasoning; -1 and 0 are possible');
  return pairOf('--reasoning-budget', budget === 0 ? 0 : undefined);
}

function pairOf(flag: string, value: string | number | undefined): [string, string][] {
  return value === undefined ? [] : [[flag, String(value)]];
}

function cannot(what: string): EngineStartError {
  return new EngineStartError(
    `The embedded llama.cpp engine cannot ${what}; run a worker that has llama-server.`,
  );
}
