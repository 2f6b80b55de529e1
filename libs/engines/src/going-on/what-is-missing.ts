import { isObject, type parseObject } from '../request-body.js';
import type { DeliveredAnswer } from './delivered-answer.js';

/** What a delivered answer still lacks, as far as it can be told without asking the engine. */
export type Missing = 'everything' | 'some' | 'done' | 'nothing';

type Request = NonNullable<ReturnType<typeof parseObject>>;

export function whatIsMissing(request: Request, answer: DeliveredAnswer): Missing {
  if (answer.ended) return 'nothing';
  if (answer.chunks.length === 0) return 'everything';
  const expected = choicesOf(request);
  const finished = [...answer.choices.values()].filter((choice) => choice.has('finish_reason'));
  if (finished.length < expected) return 'some';
  // Some engines tell the usage once for each choice.
  return wantsUsage(request) && (expected > 1 || answer.usages === 0) ? 'some' : 'done';
}

export function wantsUsage({ stream_options: options }: Request): boolean {
  return isObject(options) && options['include_usage'] === true;
}

function choicesOf({ n, prompt }: Request): number {
  const prompts = Array.isArray(prompt) && typeof prompt[0] !== 'number' ? prompt.length : 1;
  return (typeof n === 'number' ? n : 1) * prompts;
}
