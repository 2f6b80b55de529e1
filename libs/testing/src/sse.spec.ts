import { describe, expect, it } from 'vitest';
import { assembleChat, parseSse } from './sse.js';

const parse = (text: string) => parseSse(Buffer.from(text));

describe('parseSse', () => {
  it('reads data, event names, ids and comments', () => {
    expect(parse(': queued\n\nevent: ping\nid: 7\ndata: a\ndata: b\n\ndata:c\n\n')).toEqual([
      { comment: 'queued' },
      { event: 'ping', id: '7', data: 'a\nb' },
      { data: 'c' },
    ]);
  });

  it('finds nothing in an empty stream', () => {
    expect(parse('')).toEqual([]);
  });

  it.each([
    ['is cut within an event', 'data: a\n\ndata: b', 'is cut off'],
    ['is cut after a line', 'data: a\n', 'is cut off'],
    ['has an unknown field', 'date: a\n\n', 'has the line "date: a"'],
    ['has a line without a colon', 'data\n\n', 'has the line "data"'],
    ['has an empty event', 'data: a\n\n\n\n', 'has the line ""'],
    ['has carriage returns', 'data: a\r\n\r\n', 'carriage return'],
  ])('refuses a stream that %s', (_, stream, message) => {
    expect(() => parse(stream)).toThrow(message);
  });

  it('refuses a stream with a broken character', () => {
    expect(() => parseSse(Buffer.from([0x64, 0xc3]))).toThrow('not valid');
  });
});

describe('assembleChat', () => {
  const chunk = (delta: object, finish_reason: string | null = null) => ({
    data: JSON.stringify({ choices: [{ index: 0, delta, finish_reason }] }),
  });
  const done = { data: '[DONE]' };

  it('joins text, reasoning, tool calls, the reason for the end and usage', () => {
    const call = (index: number, parts: object) => chunk({ tool_calls: [{ index, function: parts }] });
    const chat = assembleChat([
      chunk({ role: 'assistant', content: null }),
      chunk({ reasoning_content: 'hm' }),
      chunk({ content: 'so' }),
      { comment: 'still there' },
      call(0, { name: 'f', arguments: '{' }),
      call(0, { arguments: '}' }),
      call(1, { name: 'g', arguments: '[]' }),
      chunk({}, 'tool_calls'),
      { data: '{"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2}}' },
      done,
    ]);
    expect(chat).toEqual({
      text: 'so',
      reasoning: 'hm',
      toolCalls: [
        { name: 'f', arguments: '{}' },
        { name: 'g', arguments: '[]' },
      ],
      finishReason: 'tool_calls',
      usage: { prompt_tokens: 1, completion_tokens: 2 },
      textChunks: 1,
    });
  });

  it.each([
    ['lacks its end', [chunk({ content: 'a' })]],
    ['goes on after its end', [done, chunk({ content: 'a' })]],
    ['ends twice', [done, done]],
  ])('refuses a stream that %s', (_, events) => {
    expect(() => assembleChat(events)).toThrow('does not end with one [DONE]');
  });
});
