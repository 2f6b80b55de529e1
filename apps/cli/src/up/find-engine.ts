import { type EngineName, type Variant, VARIANT_TRAITS } from '#contracts';
import { findProgram, isExecutable } from './find-program.js';
import { LaunchProblem } from './launch-problem.js';

/** The engines that variants are for. */
type HostedEngine = Exclude<EngineName, 'openai'>;

interface EngineProgram {
  /** Name on the PATH. */
  readonly program: string;
  /** Variable that says where it is. */
  readonly variable: string;
  readonly where: (paths: EnginePaths) => string;
  /** How to come by it; ends as a sentence. */
  readonly howToGet: string;
}

/** What the environment says of where engines are; empty = nothing. */
export interface EnginePaths {
  readonly path: string;
  readonly llamaServerPath: string;
  readonly vllmServerPath: string;
  readonly sglangServerPath: string;
}

const PROGRAMS: Readonly<Record<HostedEngine, EngineProgram>> = {
  'llama.cpp': {
    program: 'llama-server',
    variable: 'LLAMA_SERVER_PATH',
    where: ({ llamaServerPath }) => llamaServerPath,
    howToGet: 'Build it from llama.cpp for this machine, or use the image of this variant.',
  },
  vllm: {
    program: 'vllm',
    variable: 'VLLM_SERVER_PATH',
    where: ({ vllmServerPath }) => vllmServerPath,
    howToGet: 'Install it in a Python environment with "pip install vllm", or use the image of this variant.',
  },
  sglang: {
    program: 'sglang',
    variable: 'SGLANG_SERVER_PATH',
    where: ({ sglangServerPath }) => sglangServerPath,
    howToGet:
      'Install it in a Python environment with "pip install sglang" and name that Python in SGLANG_SERVER_PATH, or use the image of this variant.',
  },
};

export interface FoundEngine {
  /** For people. */
  readonly description: string;
}

/**
 * The engine that workers of `variant` will use; undefined when the machine has none. The worker looks for itself
 * by the same rules: the variable of the engine, then the PATH, then, of llama.cpp, the embedded host.
 * @throws LaunchProblem when a variable does not lead to a program
 */
export function findEngine(variant: Variant, paths: EnginePaths): FoundEngine | undefined {
  for (const { variable, where } of Object.values(PROGRAMS)) {
    const path = where(paths);
    if (path === '' || isExecutable(path)) continue;
    throw new LaunchProblem(
      `${variable} does not lead to a program that can be run. Correct it, or unset it to use what is on the PATH.`,
    );
  }
  const { engine, embedded } = VARIANT_TRAITS[variant];
  const { program, where } = PROGRAMS[hosted(engine)];
  const found = where(paths) || findProgram(program, paths.path);
  if (found) return { description: `${program} (${found})` };
  return embedded ? { description: 'embedded llama.cpp' } : undefined;
}

/** What is missing for a variant without an engine, and how to get it. */
export function engineAdvice(variant: Variant): string {
  const { program, variable, howToGet } = PROGRAMS[hosted(VARIANT_TRAITS[variant].engine)];
  return `There is no engine for variant ${variant}: ${program} is needed, on the PATH or in ${variable}. ${howToGet}`;
}

/** No variant is for servers that somebody else runs. */
function hosted(engine: EngineName): HostedEngine {
  return engine === 'openai' ? 'llama.cpp' : engine;
}
