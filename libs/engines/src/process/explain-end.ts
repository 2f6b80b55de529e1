import type { ProcessEnd } from './engine-process.js';

/**
 * What a program prints before it gives up, most telling first, and what that means. `$1` is the first group. `memory`
 * marks those that say there is too little of it.
 */
export type ErrorPatterns = readonly (readonly [RegExp, string, 'memory'?])[];

export interface EndVocabulary {
  /** The program as the subject of a sentence. */
  readonly subject: string;
  readonly loading: ErrorPatterns;
  /** For a program that has served requests. Of what it prints then, most is about single requests and quotes them. */
  readonly serving: ErrorPatterns;
}

/** A sentence for people about how a program ended. Looks at its last lines only. */
export function explainEnd({ subject, loading, serving }: EndVocabulary, end: ProcessEnd): string {
  if (end.asked) return 'stopped';
  const { cause } = causeIn(end.lastLines, end.served ? serving : loading) ?? {};
  const how = `${subject} ${howItEnded(end)}`;
  return cause === undefined ? `${how}.` : `${how}: ${cause.replace(/\.$/, '')}.`;
}

/** Whether a program that was still loading ended for want of memory, by its own words or because the system says so. */
export function lackedMemory({ loading }: EndVocabulary, end: ProcessEnd): boolean {
  if (end.asked || end.served) return false;
  return end.killedForMemory === true || causeIn(end.lastLines, loading)?.isMemory === true;
}

interface Cause {
  readonly cause: string;
  readonly isMemory: boolean;
}

/** Undefined when no line says anything known. */
function causeIn(lines: readonly string[], patterns: ErrorPatterns): Cause | undefined {
  for (const [pattern, sentence, mark] of patterns) {
    for (const line of lines) {
      const match = pattern.exec(line);
      if (match === null) continue;
      return { cause: sentence.replace('$1', () => match[1] ?? ''), isMemory: mark === 'memory' };
    }
  }
  return undefined;
}

function howItEnded(end: ProcessEnd): string {
  if (end.signal === 'SIGABRT') return 'gave up (SIGABRT)';
  if (end.killedForMemory === true) return 'was killed (SIGKILL), because the machine ran out of memory';
  if (end.signal === 'SIGKILL')
    return 'was killed (SIGKILL), by hand or because the machine ran out of memory';
  if (end.signal !== null) return `crashed (${end.signal})`;
  return `ended with exit code ${end.code ?? 'unknown'}`;
}
