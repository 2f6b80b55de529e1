import { describe, expect, it } from 'vitest';
import { chatEncoding, encodeTimings, encodeUsage, textEncoding } from './encode-chunk.js';

const frame = { id: 'chatcmpl-1', created: 5, model: 'm', fingerprint: 'f' };
const end = {
  finishReason: 'stop',
  promptTokens: 10,
  cachedTokens: 4,
  completionTokens: 2,
  promptMs: 3,
  completionMs: 4,
} as const;

const text = (value: string) => ({ kind: 'text', text: value }) as const;
const call = { index: 1, id: 'c', name: 'f', arguments: '{}' };

describe('chatEncoding', () => {
  it('opens a stream with the role', () => {
    expect(chatEncoding.opening(frame)).toMatchObject([
      { choices: [{ finish_reason: null, delta: { role: 'assistant', content: null } }] },
    ]);
  });

  it('ends a stream with the reason, and with usage in a chunk of its own when asked', () => {
    const [last, ...none] = chatEncoding.closing(frame, end, false);
    expect(none).toEqual([]);
    expect(last).toMatchObject({ choices: [{ finish_reason: 'stop', delta: {} }] });
    expect(last).not.toHaveProperty('usage');
    const [, usage] = chatEncoding.closing(frame, end, true);
    expect(usage).toMatchObject({ choices: [], usage: { total_tokens: 12 } });
  });

  it('gives the whole answer as a message', () => {
    expect(chatEncoding.whole(frame, end, [text('hi')])).toMatchObject({
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
    expect(chatEncoding.piece(frame, part)).toMatchObject({
      choices: [{ delta: { reasoning_content: 'hm' } }],
    });
    expect(chatEncoding.whole(frame, end, [part, text('a')])).toMatchObject({
      choices: [{ message: { content: 'a', reasoning_content: 'hm' } }],
    });
  });
});

describe('chatEncoding of tool calls', () => {
  const part = { kind: 'tool-call', call } as const;
  const encoded = { id: 'c', type: 'function', function: { name: 'f', arguments: '{}' } };

  it('streams a call whole, with its index', () => {
    expect(chatEncoding.piece(frame, part)).toMatchObject({
      choices: [{ delta: { tool_calls: [{ index: 1, ...encoded }] } }],
    });
  });

  it('lists the calls of a whole answer beside its text', () => {
    expect(chatEncoding.whole(frame, end, [text('a'), part])).toMatchObject({
      choices: [{ message: { role: 'assistant', content: 'a', tool_calls: [encoded] } }],
    });
  });
});

describe('textEncoding', () => {
  it('opens with nothing and ends with one chunk that has reason and usage', () => {
    expect(textEncoding.opening(frame)).toEqual([]);
    expect(textEncoding.piece(frame, text('hi'))).toMatchObject({
      choices: [{ text: 'hi', finish_reason: null }],
    });
    expect(textEncoding.closing(frame, end, false)).toMatchObject([
      { choices: [{ text: '', finish_reason: 'stop' }], usage: { completion_tokens: 2 } },
    ]);
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
