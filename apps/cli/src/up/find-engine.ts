import type { Variant } from '#contracts';
import { findProgram, isExecutable } from './find-program.js';
import { LaunchProblem } from './launch-problem.js';

/** Which program generates on a variant, and whether the embedded host can stand in for it. */
const ENGINE_OF: Readonly<Record<Variant, { readonly program: string; readonly embedded: boolean }>> = {
  cpu: { program: 'llama-server', embedded: true },
  cuda: { program: 'llama-server', embedded: true },
  'vllm-cuda': { program: 'vllm', embedded: false },
  'sglang-cuda': { program: 'sglang', embedded: false },
  rocm: { program: 'llama-server', embedded: false },
  musa: { program: 'llama-server', embedded: false },
  cann: { program: 'llama-server', embedded: false },
};

export interface FoundEngine {
  /** For people. */
  readonly description: string;
}

/**
 * The engine that workers of `variant` will use; undefined when the machine has none. The worker looks for itself
 * by the same rules: LLAMA_SERVER_PATH, then the PATH, then the embedded host.
 * @throws LaunchProblem when LLAMA_SERVER_PATH does not lead to a program
 */
export function findEngine(
  variant: Variant,
  where: { readonly path: string; readonly llamaServerPath: string },
): FoundEngine | undefined {
  if (where.llamaServerPath !== '' && !isExecutable(where.llamaServerPath)) {
    throw new LaunchProblem(
      'LLAMA_SERVER_PATH does not lead to a program that can be run. Correct it, or unset it to use the PATH or the embedded engine.',
    );
  }
  const { program, embedded } = ENGINE_OF[variant];
  const configured =
    program === 'llama-server' && where.llamaServerPath !== '' ? where.llamaServerPath : undefined;
  const found = configured ?? findProgram(program, where.path);
  if (found) return { description: `${program} (${found})` };
  return embedded ? { description: 'embedded llama.cpp' } : undefined;
}

/** What is missing for a variant without an engine, and how to get it. */
export function engineAdvice(variant: Variant): string {
  const { program } = ENGINE_OF[variant];
  const place = program === 'llama-server' ? 'on the PATH or in LLAMA_SERVER_PATH' : 'on the PATH';
  return `There is no engine for variant ${variant}: ${program} is needed, ${place}.`;
}
