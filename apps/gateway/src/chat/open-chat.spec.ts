import { describe, expect, it } from 'vitest';
import { EngineRefusal } from '../http/engine-refusal.js';
import { describeFailure } from '../http/failure.js';
import { ChatCollector } from './chat-collector.js';
import { openChat } from './open-chat.js';

const STREAM = { 'content-type': 'text/event-stream' };

async function* inPieces(text: string, size: number): AsyncGenerator<Buffer, void, void> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

const event = (data: object): string => `data: ${JSON.stringify(data)}\n\n`;
const says = (delta: object, members: object = {}): string => event({ choices: [{ delta, ...members }] });

async function collect(text: string, size: number) {
  const collector = new ChatCollector();
  const chunks = await openChat({ status: 200, headers: STREAM, body: inPieces(text, size) });
  for await (const batch of chunks) for (const chunk of batch) collector.take(chunk);
  return collector.chat;
}

describe('a streamed chat completion', () => {
  it.each([1, 2, 7, 4096])('is put together wherever its bytes are cut: every %i', async (size) => {
    const text = [
      ': queued position=1\r\n\r\n',
      says({ role: 'assistant', content: null }),
      says({ reasoning_content: 'Hm… ' }),
      says({ reasoning: 'ja.' }),
      says({ content: 'Grüße ' }).replaceAll('\n\n', '\r\n\r\n'),
      says({ content: '👋' }),
      says({
        tool_calls: [{ index: 1, id: 'b', type: 'function', function: { name: 'g', arguments: '{"x"' } }],
      }),
      says({ tool_calls: [{ index: 0, id: 'a', function: { name: 'f', arguments: '{}' } }] }),
      says({ tool_calls: [{ index: 1, function: { arguments: ':1}' } }] }),
      says({}, { finish_reason: 'tool_calls' }),
      event({ choices: [], usage: { prompt_tokens: 3, completion_tokens: 4 } }),
      'data: [DONE]\n\n',
    ].join('');
    expect(await collect(text, size)).toMatchObject({
      reasoning: 'Hm… ja.',
      content: 'Grüße 👋',
      toolCalls: [
        { id: 'a', name: 'f', arguments: '{}' },
        { id: 'b', name: 'g', arguments: '{"x":1}' },
      ],
      finishReason: 'tool_calls',
      usage: { prompt_tokens: 3, completion_tokens: 4 },
    });
  });

  it('fails where the engine says in it that it failed, after what came before', async () => {
    const text = says({ content: 'Hi' }) + event({ error: { message: 'out of memory', code: 500 } });
    const seen: unknown[] = [];
    const chunks = await openChat({ status: 200, headers: STREAM, body: inPieces(text, 4096) });
    const reading = (async () => {
      for await (const batch of chunks) seen.push(...batch);
    })();
    await expect(reading).rejects.toThrow(EngineRefusal);
    expect(seen).toHaveLength(1);
  });

  it('ends the body when its reader stops early', async () => {
    const state = { ended: false };
    async function* body(): AsyncGenerator<Buffer, void, void> {
      try {
        for (;;) yield Buffer.from(says({ content: 'x' }));
      } finally {
        state.ended = true;
      }
    }
    const chunks = await openChat({ status: 200, headers: STREAM, body: body() });
    for await (const _ of chunks) break;
    expect(state.ended).toBe(true);
  });
});

describe('what is no stream', () => {
  it.each([
    [400, '{"error":{"message":"too long"}}', { status: 400, message: 'too long' }],
    [422, '{"detail":"no"}', { status: 422, message: '{"detail":"no"}' }],
    [200, 'null', { status: 502, message: 'null' }],
    [503, '', { status: 503, message: 'The engine answered with status 503 and no event stream.' }],
  ])('is a refusal that keeps status and words (%i %j)', async (status, body, expected) => {
    const headers = { 'content-type': 'application/json' };
    const refusal = await openChat({ status, headers, body: inPieces(body, 10) }).catch((e: unknown) => e);
    expect(describeFailure(refusal)).toMatchObject(expected);
  });
});
