import type { Variant } from '#contracts';
import { engineAdvice, type EnginePaths, findEngine, type FoundEngine } from './find-engine.js';
import { LaunchProblem } from './launch-problem.js';
import { detectVariant, FALLBACK_VARIANT, type MachineFacts } from './machine-variant.js';

export interface ChosenVariant {
  readonly variant: Variant;
  readonly engine: FoundEngine;
  /** One sentence for people. */
  readonly explanation: string;
}

/**
 * The variant that was asked for, else the one the machine has; a detected variant without an engine gives way to
 * the fallback.
 * @throws LaunchProblem when there is no engine for the variant that was asked for
 */
export function chooseVariant(
  asked: Variant | undefined,
  facts: MachineFacts,
  where: EnginePaths,
): ChosenVariant {
  const { variant, because } = asked ? { variant: asked, because: 'it was asked for' } : detectVariant(facts);
  const engine = findEngine(variant, where);
  if (engine) return { variant, engine, explanation: `${variant}, because ${because}` };
  const substitute = asked ? undefined : findEngine(FALLBACK_VARIANT, where);
  if (!substitute)
    throw new LaunchProblem(`${engineAdvice(variant)} Or start with --variant ${FALLBACK_VARIANT}.`);
  const explanation = `${FALLBACK_VARIANT}, although ${because}. ${engineAdvice(variant)}`;
  return { variant: FALLBACK_VARIANT, engine: substitute, explanation };
}
