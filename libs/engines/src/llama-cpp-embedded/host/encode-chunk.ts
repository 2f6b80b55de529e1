import type { AnswerPart } from './reading/answer-part.js';
import type { SpelledLogprob } from './token-logprob.js';
import { totalOf, type AnswerEnd, type AnswerPiece } from './written-answer.js';

/** What is the same in every chunk and answer of one request. */
export interface AnswerFrame {
  readonly id: string;
  /** Unix time, s. */
  readonly created: number;
  readonly model: string;
  readonly fingerprint: string;
}

/** One of the answers to a request. */
export interface EncodedChoice {
  readonly end: AnswerEnd;
  readonly pieces: readonly AnswerPiece[];
}

export interface Closing {
  /** What all choices took. */
  readonly total: AnswerEnd;
  readonly includeUsage: boolean;
  /** Whether to say what ended the answer. */
  readonly verbose: boolean;
}

/** Encodes the answers of one route. Pure; the field order is llama-server's. */
export interface AnswerEncoding {
  /** Chunk before any text of a choice, if the route has one. */
  readonly opening: (frame: AnswerFrame, index: number) => readonly object[];
  readonly piece: (frame: AnswerFrame, index: number, piece: AnswerPiece) => object;
  /** Chunks with what came after the last piece of a choice, if the route tells it. */
  readonly ending: (frame: AnswerFrame, index: number, end: AnswerEnd) => readonly object[];
  /** The last chunk of a choice while others go on. */
  readonly last: (frame: AnswerFrame, index: number, end: AnswerEnd) => object;
  /** The last chunks of the choice that ends last, and of the stream. */
  readonly closing: (
    frame: AnswerFrame,
    index: number,
    end: AnswerEnd,
    closing: Closing,
  ) => readonly object[];
  /** The answer as one object. */
  readonly whole: (frame: AnswerFrame, choices: readonly EncodedChoice[]) => object;
}

export const chatEncoding: AnswerEncoding = {
  opening: (frame, index) => [
    chatChunk(frame, [chatChoice(index, { role: 'assistant', content: null }, null)]),
  ],
  piece: (frame, index, { part, logprobs }) =>
    chatChunk(frame, [{ ...chatChoice(index, chatDelta(part), null), ...encodeLogprobs(logprobs) }]),
  ending: () => [],
  last: (frame, index, end) => chatChunk(frame, [chatChoice(index, {}, end.finishReason)]),
  closing: (frame, index, end, { total, includeUsage, verbose }) => {
    const chunk = chatChunk(frame, [chatChoice(index, {}, end.finishReason)]);
    const last = verbose ? { ...chunk, __verbose: encodeStop(end) } : chunk;
    const timings = encodeTimings(total);
    if (!includeUsage) return [{ ...last, timings }];
    return [last, { ...chatChunk(frame, []), usage: encodeUsage(total), timings }];
  },
  whole: (frame, choices) => {
    const total = totalOf(choices.map(({ end }) => end));
    return {
      choices: choices.map(({ end, pieces }, index) => ({
        finish_reason: end.finishReason,
        index,
        message: chatMessage(pieces.map(({ part }) => part)),
        ...encodeLogprobs(allLogprobs({ end, pieces })),
      })),
      ...head(frame),
      object: 'chat.completion',
      usage: encodeUsage(total),
      id: frame.id,
      timings: encodeTimings(total),
    };
  },
};

export const textEncoding: AnswerEncoding = {
  opening: () => [],
  piece: (frame, index, { part, logprobs }) => textChunk(frame, index, textIn('text', [part]), logprobs),
  ending: (frame, index, { logprobs }) =>
    logprobs.length === 0 ? [] : [textChunk(frame, index, '', logprobs)],
  last: (frame, index, end) => ({
    ...textAnswer(frame, [textChoice(index, '', end.finishReason, [])]),
    id: frame.id,
  }),
  closing: (frame, index, end, { total }) => [
    {
      ...textAnswer(frame, [textChoice(index, '', end.finishReason, [])]),
      usage: encodeUsage(total),
      id: frame.id,
      timings: encodeTimings(total),
    },
  ],
  whole: (frame, choices) => {
    const total = totalOf(choices.map(({ end }) => end));
    const encoded = choices.map((choice, index) => {
      const text = textIn(
        'text',
        choice.pieces.map(({ part }) => part),
      );
      return textChoice(index, text, choice.end.finishReason, allLogprobs(choice));
    });
    return {
      ...textAnswer(frame, encoded),
      usage: encodeUsage(total),
      id: frame.id,
      timings: encodeTimings(total),
    };
  },
};

function textIn(kind: 'text' | 'reasoning', parts: readonly AnswerPart[]): string {
  return parts.flatMap((part) => (part.kind === kind ? [part.text] : [])).join('');
}

function allLogprobs({ pieces, end }: EncodedChoice): readonly SpelledLogprob[] {
  return [...pieces.flatMap((piece) => piece.logprobs), ...end.logprobs];
}

function encodeLogprobs(logprobs: readonly SpelledLogprob[]): object {
  return logprobs.length === 0 ? {} : { logprobs: { content: logprobs } };
}

function chatDelta(part: AnswerPart): object {
  switch (part.kind) {
    case 'call': {
      const { index, id, name } = part.call;
      return { tool_calls: [{ index, id, type: 'function', function: { name, arguments: '' } }] };
    }
    case 'arguments':
      return { tool_calls: [{ index: part.index, function: { arguments: part.text } }] };
    default:
      return part.kind === 'text' ? { content: part.text } : { reasoning_content: part.text };
  }
}

function chatMessage(parts: readonly AnswerPart[]): object {
  const calls = parts.flatMap((part) => (part.kind === 'call' ? [encodeCall(part.call, parts)] : []));
  const reasoning = textIn('reasoning', parts);
  return {
    role: 'assistant',
    content: textIn('text', parts),
    ...(reasoning === '' ? {} : { reasoning_content: reasoning }),
    ...(calls.length === 0 ? {} : { tool_calls: calls }),
  };
}

function encodeCall(call: { index: number; id: string; name: string }, parts: readonly AnswerPart[]): object {
  const json = parts.flatMap((part) =>
    part.kind === 'arguments' && part.index === call.index ? [part.text] : [],
  );
  return { id: call.id, type: 'function', function: { name: call.name, arguments: json.join('') } };
}

function chatChunk(frame: AnswerFrame, choices: readonly object[]): object {
  const { model, created, id, fingerprint } = frame;
  return { choices, created, id, model, system_fingerprint: fingerprint, object: 'chat.completion.chunk' };
}

function chatChoice(index: number, delta: object, finishReason: string | null): object {
  return { finish_reason: finishReason, index, delta };
}

function textChunk(
  frame: AnswerFrame,
  index: number,
  text: string,
  logprobs: readonly SpelledLogprob[],
): object {
  return { ...textAnswer(frame, [textChoice(index, text, null, logprobs)]), id: frame.id };
}

function textChoice(
  index: number,
  text: string,
  finishReason: string | null,
  logprobs: readonly SpelledLogprob[],
): object {
  return {
    text,
    index,
    logprobs: logprobs.length === 0 ? null : { content: logprobs },
    finish_reason: finishReason,
  };
}

function textAnswer(frame: AnswerFrame, choices: readonly object[]): object {
  return { choices, ...head(frame), object: 'text_completion' };
}

function head({ created, model, fingerprint }: AnswerFrame): object {
  return { created, model, system_fingerprint: fingerprint };
}

/** As far as llama-server's own report is of use to anybody. */
function encodeStop({ finishReason, stop }: AnswerEnd): object {
  if (stop !== undefined) return { stop_type: 'word', stopping_word: stop };
  return { stop_type: finishReason === 'length' ? 'limit' : 'eos', stopping_word: '' };
}

export function encodeUsage(end: AnswerEnd): object {
  return {
    completion_tokens: end.completionTokens,
    prompt_tokens: end.promptTokens,
    total_tokens: end.promptTokens + end.completionTokens,
    prompt_tokens_details: { cached_tokens: end.cachedTokens },
  };
}

export function encodeTimings(end: AnswerEnd): object {
  const computed = end.promptTokens - end.cachedTokens;
  return {
    cache_n: end.cachedTokens,
    prompt_n: computed,
    prompt_ms: end.promptMs,
    prompt_per_token_ms: ratio(end.promptMs, computed),
    prompt_per_second: ratio(computed * 1000, end.promptMs),
    predicted_n: end.completionTokens,
    predicted_ms: end.completionMs,
    predicted_per_token_ms: ratio(end.completionMs, end.completionTokens),
    predicted_per_second: ratio(end.completionTokens * 1000, end.completionMs),
  };
}

function ratio(value: number, by: number): number {
  return by === 0 ? 0 : value / by;
}
