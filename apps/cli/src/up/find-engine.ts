import { type Variant, VARIANT_TRAITS } from '#contracts';
import { findProgram, isExecutable } from './find-program.js';
import { LaunchProblem } from './launch-problem.js';

const PROGRAM = 'llama-server';

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
  const { engine, embedded } = VARIANT_TRAITS[variant];
  if (engine !== 'llama.cpp') return undefined;
  const found = where.llamaServerPath || findProgram(PROGRAM, where.path);
  if (found) return { description: `${PROGRAM} (${found})` };
  return embedded ? { description: 'embedded llama.cpp' } : undefined;
}

/** What is missing for a variant without an engine, and how to get it. */
export function engineAdvice(variant: Variant): string {
  const { engine } = VARIANT_TRAITS[variant];
  if (engine !== 'llama.cpp')
    return `There is no engine for variant ${variant}: this release does not host ${engine} yet.`;
  return `There is no engine for variant ${variant}: ${PROGRAM} is needed, on the PATH or in LLAMA_SERVER_PATH.`;
}
