import type { AnswerPart, ToolCall } from './answer-part.js';

/** What is the same in every chunk and answer of one request. */
export interface AnswerFrame {
  readonly id: string;
  /** Unix time, s. */
  readonly created: number;
  readonly model: string;
  readonly fingerprint: string;
}

/** How an answer ended, and what it took. */
export interface AnswerEnd {
  readonly finishReason: 'stop' | 'length' | 'tool_calls';
  readonly promptTokens: number;
  /** Part of the prompt that was not computed again. */
  readonly cachedTokens: number;
  /** Counts the token that ended the answer, too. */
  readonly completionTokens: number;
  readonly promptMs: number;
  readonly completionMs: number;
}

/** Encodes the answers of one route. Pure; the field order is llama-server's. */
export interface AnswerEncoding {
  /** Chunk before any text, if the route has one. */
  readonly opening: (frame: AnswerFrame) => readonly object[];
  readonly piece: (frame: AnswerFrame, part: AnswerPart) => object;
  /** The last chunks of a stream. */
  readonly closing: (frame: AnswerFrame, end: AnswerEnd, includeUsage: boolean) => readonly object[];
  /** The answer as one object. */
  readonly whole: (frame: AnswerFrame, end: AnswerEnd, parts: readonly AnswerPart[]) => object;
}

export const chatEncoding: AnswerEncoding = {
  opening: (frame) => [chatChunk(frame, [chatChoice({ role: 'assistant', content: null }, null)])],
  piece: (frame, part) => chatChunk(frame, [chatChoice(chatDelta(part), null)]),
  closing: (frame, end, includeUsage) => {
    const last = chatChunk(frame, [chatChoice({}, end.finishReason)]);
    const timings = encodeTimings(end);
    if (!includeUsage) return [{ ...last, timings }];
    return [last, { ...chatChunk(frame, []), usage: encodeUsage(end), timings }];
  },
  whole: (frame, end, parts) => ({
    choices: [{ finish_reason: end.finishReason, index: 0, message: chatMessage(parts) }],
    ...head(frame),
    object: 'chat.completion',
    usage: encodeUsage(end),
    id: frame.id,
    timings: encodeTimings(end),
  }),
};

export const textEncoding: AnswerEncoding = {
  opening: () => [],
  piece: (frame, part) => ({ ...textAnswer(frame, textIn('text', [part]), null), id: frame.id }),
  closing: (frame, end) => [
    {
      ...textAnswer(frame, '', end.finishReason),
      usage: encodeUsage(end),
      id: frame.id,
      timings: encodeTimings(end),
    },
  ],
  whole: (frame, end, parts) => ({
    ...textAnswer(frame, textIn('text', parts), end.finishReason),
    usage: encodeUsage(end),
    id: frame.id,
    timings: encodeTimings(end),
  }),
};

function textIn(kind: 'text' | 'reasoning', parts: readonly AnswerPart[]): string {
  return parts.flatMap((part) => (part.kind === kind ? [part.text] : [])).join('');
}

function chatDelta(part: AnswerPart): object {
  if (part.kind === 'tool-call')
    return { tool_calls: [{ index: part.call.index, ...encodeCall(part.call) }] };
  return part.kind === 'text' ? { content: part.text } : { reasoning_content: part.text };
}

function chatMessage(parts: readonly AnswerPart[]): object {
  const calls = parts.flatMap((part) => (part.kind === 'tool-call' ? [encodeCall(part.call)] : []));
  const reasoning = textIn('reasoning', parts);
  return {
    role: 'assistant',
    content: textIn('text', parts),
    ...(reasoning === '' ? {} : { reasoning_content: reasoning }),
    ...(calls.length === 0 ? {} : { tool_calls: calls }),
  };
}

function encodeCall({ id, name, arguments: json }: ToolCall): object {
  return { id, type: 'function', function: { name, arguments: json } };
}

function chatChunk(frame: AnswerFrame, choices: readonly object[]): object {
  const { model, created, id, fingerprint } = frame;
  return { choices, created, id, model, system_fingerprint: fingerprint, object: 'chat.completion.chunk' };
}

function chatChoice(delta: object, finishReason: string | null): object {
  return { finish_reason: finishReason, index: 0, delta };
}

function textAnswer(frame: AnswerFrame, text: string, finishReason: string | null): object {
  const choices = [{ text, index: 0, logprobs: null, finish_reason: finishReason }];
  return { choices, ...head(frame), object: 'text_completion' };
}

function head({ created, model, fingerprint }: AnswerFrame): object {
  return { created, model, system_fingerprint: fingerprint };
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
