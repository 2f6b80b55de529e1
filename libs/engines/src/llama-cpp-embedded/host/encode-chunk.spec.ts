import { describe, expect, it } from 'vitest';
import { chatEncoding, encodeTimings, encodeUsage, textEncoding } from './encode-chunk.js';
import type { AnswerPart } from './reading/answer-part.js';
import type { SpelledLogprob } from './token-logprob.js';

const frame = { id: 'chatcmpl-1', created: 5, model: 'm', fingerprint: 'f' };
const end = {
  finishReason: 'stop',
  promptTokens: 10,
  cachedTokens: 4,
  completionTokens: 2,
  promptMs: 3,
  completionMs: 4,
  logprobs: [],
} as const;

const text = (value: string) => ({ kind: 'text', text: value }) as const;
const piece = (part: AnswerPart, logprobs: readonly SpelledLogprob[] = []) => ({ part, logprobs });
const one = { id: 1, token: 'a', bytes: [97], logprob: -1 };
const LOGPROB = { ...one, top_logprobs: [one] };

describe('chatEncoding', () => {
  it('opens a stream with the role', () => {
    expect(chatEncoding.opening(frame, 0)).toMatchObject([
      { choices: [{ finish_reason: null, delta: { role: 'assistant', content: null } }] },
    ]);
  });

  it('ends a stream with the reason, and with usage in a chunk of its own when asked', () => {
    const [last, ...none] = chatEncoding.closing(frame, 0, end, {
      total: end,
      includeUsage: false,
      verbose: false,
    });
    expect(none).toEqual([]);
    expect(last).toMatchObject({ choices: [{ finish_reason: 'stop', delta: {} }] });
    expect(last).not.toHaveProperty('usage');
    const [, usage] = chatEncoding.closing(frame, 0, end, { total: end, includeUsage: true, verbose: false });
    expect(usage).toMatchObject({ choices: [], usage: { total_tokens: 12 } });
  });

  it('gives the whole answer as a message', () => {
    expect(chatEncoding.whole(frame, [{ end, pieces: [piece(text('hi'))] }])).toMatchObject({
      id: 'chatcmpl-1',
      object: 'chat.completion',
      model: 'm',
      choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'hi' } }],
      usage: { total_tokens: 12 },
    });
  });
});

describe('chatEncoding of reasoning', () => {
  it('keeps reasoning apart from the content, streamed and whole', () => {
    const part = { kind: 'reasoning', text: 'hm' } as const;
    expect(chatEncoding.piece(frame, 0, piece(part))).toMatchObject({
      choices: [{ delta: { reasoning_content: 'hm' } }],
    });
    expect(chatEncoding.whole(frame, [{ end, pieces: [piece(part), piece(text('a'))] }])).toMatchObject({
      choices: [{ message: { content: 'a', reasoning_content: 'hm' } }],
    });
  });
});

describe('chatEncoding of tool calls', () => {
  const parts: readonly AnswerPart[] = [
    text('a'),
    { kind: 'call', call: { index: 0, id: 'c', name: 'f' } },
    { kind: 'arguments', index: 0, text: '{"a":' },
    { kind: 'call', call: { index: 1, id: 'd', name: 'g' } },
    { kind: 'arguments', index: 0, text: '1}' },
    { kind: 'arguments', index: 1, text: '{}' },
  ];

  it('streams the name of a call first and its arguments behind, with its index', () => {
    const delta = (index: number) =>
      chatEncoding.piece(frame, 0, piece(parts[index] ?? text(''))) as { choices: { delta: object }[] };
    expect(delta(1).choices[0]?.delta).toEqual({
      tool_calls: [{ index: 0, id: 'c', type: 'function', function: { name: 'f', arguments: '' } }],
    });
    expect(delta(2).choices[0]?.delta).toEqual({
      tool_calls: [{ index: 0, function: { arguments: '{"a":' } }],
    });
  });

  it('lists the calls of a whole answer beside its text', () => {
    const pieces = parts.map((part) => piece(part));
    expect(chatEncoding.whole(frame, [{ end, pieces }])).toMatchObject({
      choices: [
        {
          message: {
            content: 'a',
            tool_calls: [
              { id: 'c', type: 'function', function: { name: 'f', arguments: '{"a":1}' } },
              { id: 'd', type: 'function', function: { name: 'g', arguments: '{}' } },
            ],
          },
        },
      ],
    });
  });
});

describe('the encodings of several answers and of logprobs', () => {
  const other = { ...end, completionTokens: 5, logprobs: [LOGPROB] };
  const choices = [
    { end, pieces: [piece(text('a'), [LOGPROB])] },
    { end: other, pieces: [piece(text('b'))] },
  ];

  it.each([
    ['chat', chatEncoding, 'message'],
    ['text', textEncoding, 'text'],
  ] as const)('count the prompt once and all tokens of %s', (_, encoding, member) => {
    const whole = encoding.whole(frame, choices) as { choices: Record<string, unknown>[] };
    expect(whole).toMatchObject({
      choices: [
        { index: 0, logprobs: { content: [LOGPROB] } },
        { index: 1, logprobs: { content: [LOGPROB] } },
      ],
      usage: { prompt_tokens: 10, completion_tokens: 7, total_tokens: 17 },
    });
    expect(whole.choices.every((choice) => member in choice)).toBe(true);
  });

  it('tell logprobs beside their piece, and those of a raw text that come after it', () => {
    const told = { choices: [{ index: 1, logprobs: { content: [LOGPROB] } }] };
    expect(chatEncoding.piece(frame, 1, piece(text('a'), [LOGPROB]))).toMatchObject(told);
    expect(textEncoding.piece(frame, 1, piece(text('a'), [LOGPROB]))).toMatchObject(told);
    expect(textEncoding.ending(frame, 1, other)).toMatchObject([told]);
    expect(textEncoding.ending(frame, 1, end)).toEqual([]);
  });
});

describe('textEncoding', () => {
  it('opens with nothing and ends with one chunk that has reason and usage', () => {
    expect(textEncoding.opening(frame, 0)).toEqual([]);
    expect(textEncoding.piece(frame, 0, piece(text('hi')))).toMatchObject({
      choices: [{ text: 'hi', finish_reason: null }],
    });
    expect(
      textEncoding.closing(frame, 0, end, { total: end, includeUsage: false, verbose: false }),
    ).toMatchObject([{ choices: [{ text: '', finish_reason: 'stop' }], usage: { completion_tokens: 2 } }]);
  });
});

describe('encodeUsage', () => {
  it('counts prompt, answer, their sum, and what was cached', () => {
    expect(encodeUsage(end)).toEqual({
      completion_tokens: 2,
      prompt_tokens: 10,
      total_tokens: 12,
      prompt_tokens_details: { cached_tokens: 4 },
    });
  });
});

describe('encodeTimings', () => {
  it('leaves cached tokens out of the prompt speed and never divides by nothing', () => {
    expect(encodeTimings(end)).toMatchObject({
      prompt_n: 6,
      prompt_per_second: 2000,
      predicted_per_token_ms: 2,
    });
    expect(encodeTimings({ ...end, completionMs: 0 })).toMatchObject({ predicted_per_second: 0 });
  });
});
