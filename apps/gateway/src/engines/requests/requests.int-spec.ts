import { setTimeout as delay } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import { LongshoreError } from '#contracts';
import { eventually, openRequest, type OpenResponse } from '#testing';
import { eventStream, jsonResponse } from '../../__fakes__/fake-completions.js';
import { SMOLLM } from '../../__fakes__/fake-models.js';
import { ask, fake, restart, useGateway } from '../__fixtures__/use-gateway.js';

interface Listed {
  readonly count: number;
  readonly model: string;
  readonly config: object;
  readonly records: readonly Readonly<Record<string, unknown>>[];
}

useGateway();

const CHAT = '/engines/v1/chat/completions';
const chat = (body: object = { model: 'smollm2' }, path = CHAT) => ask('POST', path, { body });
const listed = async (query = ''): Promise<Listed[]> =>
  JSON.parse((await ask('GET', `/engines/requests${query}`))[1]) as Listed[];
const recorded = (count = 1): Promise<unknown> =>
  eventually(() => fake.cluster.recordedRequests.kept.length >= count);

describe('GET /engines/requests', () => {
  beforeEach(() => restart({ recordRequests: 10 }));

  it('shows a call as it came and was answered, with how its model is configured', async () => {
    await ask('POST', '/engines/_configure', { body: { model: 'smollm2', 'context-size': 4096 } });
    const body = JSON.stringify({ model: 'ai/smollm2', messages: [] });
    await ask('POST', `${CHAT}?x=1`, { body, headers: { 'user-agent': 'me/1' } });
    await recorded();
    const before = Date.now() / 1_000;
    const [group] = await listed();
    expect(group).toEqual({
      count: 1,
      model: SMOLLM.id,
      config: { 'context-size': 4096 },
      records: [
        {
          id: expect.stringMatching(new RegExp(`^${SMOLLM.id}_\\d{19}$`)),
          model: 'ai/smollm2',
          method: 'POST',
          url: `${CHAT}?x=1`,
          request: body,
          response: '{"object":"chat.completion"}',
          timestamp: expect.any(Number),
          status_code: 200,
          user_agent: 'me/1',
        },
      ],
    });
    expect(Math.abs(Number(group?.records[0]?.['timestamp']) - before)).toBeLessThan(60);
    expect(await listed('?model=smollm2')).toHaveLength(1);
    expect(await listed('?model=unknown')).toEqual([]);
  });

  it('puts a stream together without touching what its client gets', async () => {
    const events = ['Hel', 'lo'].map(
      (content) =>
        `data: ${JSON.stringify({ object: 'chat.completion.chunk', choices: [{ index: 0, delta: { content } }] })}\n\n`,
    );
    fake.cluster.completions.respond = async () => eventStream([...events, 'data: [DONE]\n\n']);
    const [, text] = await chat({ model: 'smollm2', stream: true });
    expect(text).toBe(`${events.join('')}data: [DONE]\n\n`);
    await recorded();
    const [group] = await listed();
    expect(JSON.parse(String(group?.records[0]?.['response']))).toMatchObject({
      object: 'chat.completion',
      choices: [{ message: { content: 'Hello' } }],
    });
  });

  it.each([
    ['/api/chat', 'ollama/completion'],
    ['/anthropic/v1/messages', 'anthropic/messages'],
    [CHAT, undefined],
  ])('says which other API a call to %s came in', async (path, origin) => {
    await chat({ model: 'smollm2', max_tokens: 3, messages: [{ role: 'user', content: 'hello' }] }, path);
    await recorded();
    expect((await listed())[0]?.records[0]?.['origin']).toBe(origin);
  });

  it('shows errors as errors: the engine’s own, and those of the cluster', async () => {
    fake.cluster.completions.respond = async () => ({ ...jsonResponse('out of words'), status: 400 });
    await chat();
    fake.cluster.completions.respond = () => Promise.reject(new LongshoreError('load_failed', 'No luck.'));
    await chat();
    await recorded(2);
    const [group] = await listed();
    expect(group?.records).toMatchObject([
      { status_code: 400, error: '{"error":"out of words"}' },
      { status_code: 500, error: '{"error":"No luck."}' },
    ]);
  });

  it('shows a caller that went away before there was an answer as 408', async () => {
    const leave = new AbortController();
    fake.cluster.completions.respond = (_request, signal) =>
      new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('left'))));
    const answer = openRequest({
      url: `${fake.url}${CHAT}`,
      method: 'POST',
      body: { model: 'smollm2' },
      signal: leave.signal,
    });
    await eventually(() => fake.cluster.completions.requests.length > 0);
    leave.abort();
    await expect(answer).rejects.toThrow(/abort/i);
    await recorded();
    expect((await listed())[0]?.records).toMatchObject([{ status_code: 408 }]);
  });

  it('bounds what it holds of an answer and passes all of it on', async () => {
    const answer = 'x'.repeat(1024 * 1024);
    fake.cluster.completions.respond = async () => jsonResponse(answer);
    expect((await chat())[1]).toHaveLength(answer.length);
    await recorded();
    const response = String((await listed())[0]?.records[0]?.['response']);
    expect(response).toMatch(/x\.\.\.\[truncated 786432 chars\]$/);
  });

  it('does not record calls of models that do not exist', async () => {
    await chat({ model: 'no/such' });
    await chat();
    await recorded();
    expect(fake.cluster.recordedRequests.kept).toHaveLength(1);
  });

  it.each(['?include_existing=maybe', '?model=a&model=b'])('refuses %s', async (query) => {
    expect((await ask('GET', `/engines/requests${query}`))[0]).toBe(400);
  });
});

describe('the event stream of GET /engines/requests', () => {
  let streams: OpenResponse[] = [];
  beforeEach(async () => {
    streams = [];
    await restart({ recordRequests: 10 });
  });
  const follow = async (query = ''): Promise<OpenResponse> => {
    const stream = await openRequest({
      url: `${fake.url}/engines/requests${query}`,
      headers: { accept: 'text/event-stream' },
    });
    streams.push(stream);
    return stream;
  };

  it('begins with what is there, where that is wanted, and goes on with what comes', async () => {
    await chat();
    await recorded();
    const all = await follow('?include_existing=true');
    const fresh = await follow('?model=smollm2');
    const other = await follow('?model=other');
    expect(all.headers['content-type']).toBe('text/event-stream');
    await eventually(() =>
      [all, fresh, other].every((stream) => textOf(stream).includes('event: connected')),
    );
    await chat({ model: 'ai/smollm2' });
    await eventually(() => [all, fresh].every((stream) => textOf(stream).includes('event: new_request')));
    expect(namesIn(textOf(all))).toEqual(['existing_request', 'connected', 'new_request']);
    expect(namesIn(textOf(fresh))).toEqual(['connected', 'new_request']);
    expect(textOf(fresh)).toContain('data: {"status": "connected"}\n\n');
    const data = /event: new_request\ndata: (.*)\n\n/.exec(textOf(fresh))?.[1] ?? '';
    expect(JSON.parse(data)).toMatchObject([
      { count: 1, model: 'ai/smollm2', records: [{ status_code: 200 }] },
    ]);
    expect(namesIn(textOf(other))).toEqual(['connected']);
    for (const stream of streams) stream.hangUp();
    await eventually(() => fake.cluster.recordedRequests.listeners.size === 0);
  });
});

it('records nothing unless it is told to', async () => {
  await chat();
  await delay(20);
  expect(fake.cluster.recordedRequests.kept).toEqual([]);
  expect(await ask('GET', '/engines/requests')).toEqual([200, '[]']);
});

function textOf(stream: OpenResponse): string {
  return stream.received().toString('utf8');
}

function namesIn(text: string): string[] {
  return [...text.matchAll(/^event: (.*)$/gm)].map(([, name]) => name ?? '');
}
