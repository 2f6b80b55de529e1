import { describe, expect, it } from 'vitest';
import { assembleStream } from './assemble-stream.js';
import { cutMedia, cutText } from './cut-text.js';

const stream = (...chunks: readonly object[]): string =>
  [...chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`), 'data: [DONE]\n\n'].join('');
const chunk = (delta: object, more: object = {}): object => ({
  id: 'c1',
  object: 'chat.completion.chunk',
  created: 5,
  model: 'm',
  choices: [{ index: 0, delta, finish_reason: null, ...more }],
});

describe('assembleStream', () => {
  it('puts a chat together, with reasoning, usage and the reason of its end', () => {
    const text = stream(
      chunk({ role: 'assistant', content: null }),
      chunk({ reasoning_content: 'hm' }),
      chunk({ content: 'Hel' }),
      chunk({ content: 'lo' }),
      chunk({}, { finish_reason: 'stop' }),
      { id: 'c1', object: 'chat.completion.chunk', choices: [], usage: { total_tokens: 3 } },
    );
    expect(JSON.parse(assembleStream(text))).toEqual({
      id: 'c1',
      object: 'chat.completion',
      created: 5,
      model: 'm',
      usage: { total_tokens: 3 },
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: 'Hello', reasoning_content: 'hm' },
          finish_reason: 'stop',
        },
      ],
    });
  });

  it('puts tool calls together by their number', () => {
    const call = (index: number, fields: object): object => chunk({ tool_calls: [{ index, ...fields }] });
    const text = stream(
      call(0, { id: 'a', type: 'function', function: { name: 'f', arguments: '{"x' } }),
      call(1, { id: 'b', function: { name: 'g', arguments: '' } }),
      call(0, { function: { arguments: '":1}' } }),
    );
    expect(JSON.parse(assembleStream(text))).toMatchObject({
      choices: [
        {
          message: {
            tool_calls: [
              { id: 'a', function: { name: 'f', arguments: '{"x":1}' } },
              { id: 'b', function: { name: 'g', arguments: '' } },
            ],
          },
        },
      ],
    });
  });

  it('puts plain completions together, each choice for itself', () => {
    const part = (index: number, text: string): object => ({
      object: 'text_completion',
      choices: [{ index, text }],
    });
    expect(JSON.parse(assembleStream(stream(part(1, 'b'), part(0, 'a'), part(1, 'c'))))).toEqual({
      object: 'text_completion',
      choices: [
        { index: 0, text: 'a', finish_reason: null },
        { index: 1, text: 'bc', finish_reason: null },
      ],
    });
  });

  it('makes the best of a copy that was cut, and leaves what is no stream as it is', () => {
    const text = stream(chunk({ content: 'Hel' }), chunk({ content: 'lo' })).slice(0, -60);
    expect(JSON.parse(assembleStream(text))).toMatchObject({ choices: [{ message: { content: 'Hel' } }] });
    expect(assembleStream('data: [DONE]\n\n')).toBe('data: [DONE]\n\n');
    expect(assembleStream('')).toBe('');
  });
});

describe('cutting', () => {
  it('cuts the base64 of pictures and sounds, and nothing else', () => {
    const data = 'A'.repeat(150);
    const url = JSON.stringify({ url: `data:image/png;base64,${data}`, word: data });
    const parsed = JSON.parse(cutMedia(url)) as { readonly url: string; readonly word: string };
    expect(parsed.url).toBe(`data:image/png;base64,${'A'.repeat(100)}...[truncated 50 chars]`);
    expect(parsed.word).toBe(data);
    const audio = JSON.stringify({ input_audio: { data, format: 'wav' } });
    expect(cutMedia(audio)).toContain('...[truncated 50 chars]","format":"wav"');
  });

  it('cuts what is too long, and says by how much', () => {
    expect(cutText('abcdef', 4)).toBe('abcd...[truncated 2 chars]');
    expect(cutText('abcd', 4)).toBe('abcd');
  });
});
