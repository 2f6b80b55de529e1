import { randomUUID } from 'node:crypto';
import { AnswerReader, type ReadingOptions } from './reading/answer-reader.js';
import type { SpelledLogprob } from './token-logprob.js';
import type { WrittenParts, WrittenText } from './written-answer.js';

/** The beginning that the caller gave counts as part of the answer, and comes with its first piece. */
export async function* withBeginning(beginning: string, text: WrittenText): WrittenText {
  try {
    let next = await text.next();
    if (beginning !== '')
      yield next.done === true
        ? { text: beginning, logprobs: [] }
        : { ...next.value, text: beginning + next.value.text };
    else if (next.done !== true) yield next.value;
    while (next.done !== true) {
      next = await text.next();
      if (next.done !== true) yield next.value;
    }
    return next.value;
  } finally {
    await text.return(undefined as never);
  }
}

/** An answer that calls a tool and ends by itself ends for that reason. */
export async function* readParts(text: WrittenText, options: ReadingOptions): WrittenParts {
  const reader = new AnswerReader(options, () => `call_${randomUUID().replaceAll('-', '')}`);
  let called = false;
  let logprobs: SpelledLogprob[] = [];
  try {
    for (;;) {
      const next = await text.next();
      const parts = next.done === true ? reader.flush() : reader.push(next.value.text);
      if (next.done !== true) logprobs.push(...next.value.logprobs);
      called ||= parts.some((part) => part.kind === 'call');
      for (const [index, part] of parts.entries()) {
        const isLast = index === parts.length - 1;
        yield { part, logprobs: isLast ? logprobs : [] };
        if (isLast) logprobs = [];
      }
      if (next.done !== true) continue;
      const end = { ...next.value, logprobs: [...logprobs, ...next.value.logprobs] };
      return called && end.finishReason === 'stop' ? { ...end, finishReason: 'tool_calls' } : end;
    }
  } finally {
    await text.return(undefined as never);
  }
}
