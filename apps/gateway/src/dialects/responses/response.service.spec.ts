import { describe, expect, it } from 'vitest';
import { LongshoreError } from '#contracts';
import { Logger } from '#observability';
import { FakeCompletions, FakeStoredResponses, FakeStreams } from '../../__fakes__/fake-cluster.js';
import { ResponseService } from './response.service.js';

const CHAT = [
  'data: {"choices":[{"delta":{"content":"Fine."},"finish_reason":null}]}',
  'data: {"choices":[{"delta":{},"finish_reason":"stop"}]}',
  'data: [DONE]',
];

async function* bytesOf(events: readonly string[]): AsyncGenerator<Buffer, void, void> {
  for (const event of events) yield Buffer.from(`${event}\n\n`);
}

function start() {
  const completions = new FakeCompletions();
  const bodies: Record<string, unknown>[] = [];
  completions.respond = async (request) => {
    bodies.push(JSON.parse(request.body) as Record<string, unknown>);
    const headers = { 'content-type': 'text/event-stream', 'x-longshore-request': `gw-1.${bodies.length}` };
    return { status: 200, headers, body: bytesOf(CHAT) };
  };
  const logger = new Logger({ level: 'error', format: 'json', write: () => undefined });
  const service = new ResponseService(completions, new FakeStreams(), new FakeStoredResponses(), logger);
  const create = async (members: object): Promise<Record<string, unknown>> => {
    const body = JSON.stringify({ model: 'ai/smollm2', ...members });
    const answer = await service.create({ body, requestId: 'r', limits: {} }, new AbortController().signal);
    const pieces: Buffer[] = [];
    for await (const piece of answer.body) pieces.push(piece);
    return JSON.parse(Buffer.concat(pieces).toString()) as Record<string, unknown>;
  };
  return { service, create, bodies };
}

describe('a chain of responses', () => {
  it('is told to the model with all its inputs and answers, but only the newest instructions', async () => {
    const { create, bodies } = start();
    const first = await create({ input: 'One', instructions: 'Old.' });
    const second = await create({ input: 'Two', previous_response_id: first['id'] });
    await create({ input: 'Three', previous_response_id: second['id'], instructions: 'New.' });
    expect(bodies.at(-1)?.['messages']).toEqual([
      { role: 'system', content: 'New.' },
      { role: 'user', content: 'One' },
      { role: 'assistant', content: 'Fine.' },
      { role: 'user', content: 'Two' },
      { role: 'assistant', content: 'Fine.' },
      { role: 'user', content: 'Three' },
    ]);
  });

  it('ends where a response was not stored', async () => {
    const { create } = start();
    const first = await create({ input: 'One', store: false });
    await expect(create({ input: 'Two', previous_response_id: first['id'] })).rejects.toThrow(LongshoreError);
  });
});
