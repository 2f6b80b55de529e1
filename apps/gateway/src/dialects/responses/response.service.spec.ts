import { describe, expect, it, vi } from 'vitest';
import { LongshoreError } from '#contracts';
import { GatewayMetrics, Logger } from '#observability';
import type { FastifyRequest } from 'fastify';
import {
  FakeCompletions,
  FakeRecordedRequests,
  FakeStoredResponses,
  FakeStreams,
} from '../../__fakes__/fake-completions.js';
import { FakeCatalogue } from '../../__fakes__/fake-models.js';
import { RequestRecorder } from '../../engines/requests/request-recorder.js';
import { GatewayConfig } from '../../gateway.config.js';
import { InferenceObserver } from '../../http/inference-observer.js';
import { BackgroundResponses } from './background-responses.js';
import { KeptResponses } from './kept-responses.js';
import { ResponseService } from './response.service.js';

const CHAT = [
  'data: {"choices":[{"delta":{"content":"Fine."},"finish_reason":null}]}',
  'data: {"choices":[{"delta":{},"finish_reason":"stop"}]}',
  'data: [DONE]',
];

async function* bytesOf(events: readonly string[]): AsyncGenerator<Buffer, void, void> {
  for (const event of events) yield Buffer.from(`${event}\n\n`);
}

function start(bodyLimit = 1_000_000) {
  const completions = new FakeCompletions();
  const bodies: Record<string, unknown>[] = [];
  completions.respond = async (request) => {
    bodies.push(JSON.parse(request.body) as Record<string, unknown>);
    const headers = { 'content-type': 'text/event-stream', 'x-longshore-request': `gw-1.${bodies.length}` };
    return { status: 200, headers, body: bytesOf(CHAT) };
  };
  const logger = new Logger({ level: 'error', format: 'json', write: () => undefined });
  const streams = new FakeStreams();
  const config = Object.assign(new GatewayConfig(), { bodyLimit });
  const kept = new KeptResponses(new FakeStoredResponses(), streams, logger, config);
  const service = new ResponseService(kept, streams, config);
  const recorder = new RequestRecorder(new FakeCatalogue(), new FakeRecordedRequests(), config);
  const observer = new InferenceObserver(new FakeCatalogue(), new GatewayMetrics(), logger, recorder);
  const background = new BackgroundResponses(completions, kept, observer, logger);
  const create = async (members: object): Promise<Record<string, unknown>> => {
    const body = JSON.stringify({ model: 'ai/smollm2', ...members });
    const prepared = await service.prepare(body);
    const { request, call } = prepared;
    if (request.background) {
      const arrived = { method: 'POST', raw: {}, headers: {} } as FastifyRequest;
      return service.get(await background.begin(prepared, { requestId: 'r' }, arrived));
    }
    const chat = await completions.run({ ...call, requestId: 'r' }, new AbortController().signal);
    const answer = await service.answer(request, chat);
    const pieces: Buffer[] = [];
    for await (const piece of answer.body) pieces.push(piece);
    return JSON.parse(Buffer.concat(pieces).toString()) as Record<string, unknown>;
  };
  return { service, create, bodies, completions, streams };
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

  it('may not refer to so much that it could not be held', async () => {
    const { create, service } = start(1_000_000);
    const first = await create({ input: 'a '.repeat(450_000) });
    const [item] = await service.inputItems(String(first['id']));
    const input = Array.from({ length: 1_000 }, () => ({ type: 'item_reference', id: item?.['id'] }));
    await expect(create({ input })).rejects.toMatchObject({ code: 'request_too_large', field: 'input' });
  });

  it('may refer to items of earlier responses by their ids', async () => {
    const { create, bodies, service } = start();
    const first = await create({ input: 'One' });
    const [asked] = await service.inputItems(String(first['id']));
    const [said] = first['output'] as { id: string }[];
    const refer = (id: unknown) => ({ type: 'item_reference', id });
    await create({ input: [refer(asked?.['id']), refer(said?.id), { role: 'user', content: 'Two' }] });
    expect(bodies.at(-1)?.['messages']).toEqual([
      { role: 'user', content: 'One' },
      { role: 'assistant', content: 'Fine.' },
      { role: 'user', content: 'Two' },
    ]);
    for (const id of ['msg_1', `msg_${'0'.repeat(26)}`, `${said?.id}0`, undefined, {}])
      await expect(create({ input: [refer(id)] })).rejects.toMatchObject({ field: 'input' });
    const spread = Array.from({ length: 201 }, (_, n) => refer(`msg_${String(n).padStart(24, '0')}00`));
    await expect(create({ input: spread })).rejects.toThrow('more than 200 responses');
  });

  it('ends where a response was not stored', async () => {
    const { create } = start();
    const first = await create({ input: 'One', store: false });
    await expect(create({ input: 'Two', previous_response_id: first['id'] })).rejects.toThrow(LongshoreError);
  });

  it('is refused when all of it together is more than a body may be', async () => {
    const { create } = start(2_000);
    const first = await create({ input: 'x'.repeat(900) });
    const second = await create({ input: 'y'.repeat(700), previous_response_id: first['id'] });
    const third = create({ input: 'z'.repeat(300), previous_response_id: second['id'] });
    await expect(third).rejects.toMatchObject({ code: 'request_too_large', field: 'input' });
  });

  it('is refused when it is endless', async () => {
    const { create } = start();
    let last = await create({ input: 'Hi' });
    for (let turn = 0; turn < 200; turn++)
      last = await create({ input: [], previous_response_id: last['id'] });
    await expect(create({ input: [], previous_response_id: last['id'] })).rejects.toThrow(
      'More than 200 responses',
    );
  });
});

describe('a background response', () => {
  const cancelled = { attempt: 1, frames: [], body: Buffer.alloc(0), next: 1, bytes: 1, truncated: false };

  /** Begins one that nobody answers until `end` is called. */
  async function begin() {
    const started = start();
    const { completions } = started;
    let end = (): void => undefined;
    const ended = new Promise<void>((resolve) => (end = resolve));
    completions.respond = async (request) => {
      const place = { ahead: 0, queue: 'q', model: 'm', workerId: () => undefined };
      request.onAccepted?.({ ...place, requestId: 'gw-1.1' });
      await ended;
      throw new LongshoreError('deadline_exceeded');
    };
    const created = await started.create({ input: 'Hi', background: true });
    return { ...started, id: String(created['id']), end };
  }

  it('that was deleted while it ran does not come back when it ends', async () => {
    const { service, streams, id, end } = await begin();
    await service.delete(id);
    streams.logs.set('gw-1.1', { ...cancelled, fin: { outcome: 'cancelled' } });
    end();
    await new Promise((resolve) => setImmediate(resolve));
    await expect(service.get(id)).rejects.toMatchObject({ code: 'stream_not_found' });
  });

  it('that nobody began in time has failed, and says why', async () => {
    const { service, id, end } = await begin();
    expect(await service.get(id)).toMatchObject({ status: 'queued' });
    end();
    await new Promise((resolve) => setImmediate(resolve));
    expect(await service.get(id)).toMatchObject({
      status: 'failed',
      error: { message: expect.stringContaining('request time limit') },
    });
  });

  it('whose traces are gone does not wait for ever', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    try {
      const { service, id } = await begin();
      vi.setSystemTime(Date.now() + 700_000);
      expect(await service.get(id)).toMatchObject({ status: 'failed' });
    } finally {
      vi.useRealTimers();
    }
  });

  it('that is made again with its key after its end is told as it is', async () => {
    const { completions, create, streams } = start();
    const headers = { 'content-type': 'text/event-stream', 'x-longshore-request': 'gw-1.1' };
    completions.respond = async () => ({ status: 200, headers, body: bytesOf(CHAT) });
    const head = { status: 200, headers: {}, workerId: 'w' };
    const body = Buffer.from(CHAT.map((event) => `${event}\n\n`).join(''));
    streams.logs.set('gw-1.1', { ...cancelled, head, body, fin: { outcome: 'completed' } });
    const answer = await create({ input: 'Hi', background: true });
    expect(answer).toMatchObject({ status: 'completed', output_text: 'Fine.' });
  });
});
