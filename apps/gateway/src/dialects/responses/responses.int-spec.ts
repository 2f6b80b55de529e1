import { beforeEach, describe, expect, it } from 'vitest';
import { eventually, openRequest, parseSse } from '#testing';
import { LongshoreError } from '#contracts';
import { eventStream, jsonResponse } from '../../__fakes__/fake-completions.js';
import { session } from '../../engines/__fixtures__/session.js';
import { ask, fake, hold, restart, useGateway } from '../../engines/__fixtures__/use-gateway.js';

useGateway();

const CHAT = [
  { choices: [{ index: 0, delta: { role: 'assistant', content: null } }] },
  { choices: [{ index: 0, delta: { content: 'Fine.' } }] },
  { choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] },
  { choices: [], usage: { prompt_tokens: 7, completion_tokens: 2, total_tokens: 9 } },
].map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`);

const model = 'ai/smollm2';
const create = async (body: object): Promise<[number, Record<string, unknown>]> => {
  const [status, text] = await ask('POST', '/v1/responses', { body: { model, input: 'Hi', ...body } });
  return [status, JSON.parse(text) as Record<string, unknown>];
};
const recorded = (): readonly unknown[] => fake.cluster.recordedRequests.kept;

beforeEach(async () => {
  await restart({ recordRequests: 10 });
  fake.cluster.completions.respond = async (request) => {
    request.onAccepted?.({ requestId: 'gw-1.1', ahead: 0, queue: 'q', model, workerId: () => 'w' });
    const { headers, ...rest } = eventStream([...CHAT, 'data: [DONE]\n\n']);
    return { ...rest, headers: { ...headers, 'x-longshore-request': 'gw-1.1' } };
  };
});

describe('a response', () => {
  it.each([{}, { stream: true }, { background: true }])(
    'is recorded and measured like every call: %o',
    async (wish) => {
      const [status, text] = await ask('POST', '/v1/responses', { body: { model, input: 'Hi', ...wish } });
      expect({ status, text }).toMatchObject({ status: 200 });
      await eventually(() => recorded().length === 1);
      expect(recorded()).toMatchObject([{ model, url: '/v1/responses', status: 200 }]);
      const measured = async (): Promise<string[]> =>
        (await fake.metrics.registry.metrics())
          .split('\n')
          .filter((line) => line.includes('request_duration_seconds_count'));
      expect(await eventually(measured, (lines) => lines.length > 0)).toEqual([
        expect.stringMatching(/="chat".* 1$/),
      ]);
    },
  );

  it('that only wants its model ready needs no input', async () => {
    hold(session());
    const headers = { 'x-preload-only': 'true' };
    expect(await ask('POST', '/v1/responses', { body: { model }, headers })).toEqual([200, '']);
    expect((await ask('POST', '/v1/responses', { body: {}, headers }))[0]).toBe(400);
    expect(fake.cluster.completions.requests).toEqual([]);
  });

  it('keeps the words of an engine that refuses it, with their status', async () => {
    const refusal = { error: { message: 'too many tokens', type: 'exceed_context_size_error' } };
    fake.cluster.completions.respond = async () => ({
      ...jsonResponse(JSON.stringify(refusal)),
      status: 400,
    });
    expect(await create({})).toEqual([400, refusal]);
  });

  it('that fails while its stream waits ends with an error event', async () => {
    fake.cluster.completions.respond = async (request) => {
      const place = { requestId: 'gw-1.1', ahead: 3, queue: 'q', model, workerId: () => undefined };
      request.onAccepted?.(place);
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      throw new LongshoreError('load_failed', 'No luck.');
    };
    const body = { model, input: 'Hi', stream: true };
    const stream = await openRequest({ url: `${fake.url}/v1/responses`, body });
    await expect(stream.whole()).rejects.toThrow(/./);
    const last = parseSse(stream.received()).findLast(({ data }) => data !== undefined);
    expect(last?.event).toBe('error');
    expect(JSON.parse(last?.data ?? '')).toEqual({
      type: 'error',
      code: 'load_failed',
      message: 'No luck.',
      param: null,
      sequence_number: 0,
    });
  });

  it('goes to where a conversation of its cache key went', async () => {
    await create({ prompt_cache_key: 'k' });
    await create({ prompt_cache_key: 'k', input: 'Something else' });
    const [first, second] = fake.cluster.completions.requests;
    expect(first?.affinity).toEqual(expect.any(String));
    expect(first?.affinity).toBe(second?.affinity);
  });
});

describe('POST /v1/responses/input_tokens', () => {
  it('tells how many tokens an engine reads, and keeps nothing', async () => {
    const body = { model, input: 'Hi', instructions: 'Be brief.' };
    const [status, text] = await ask('POST', '/v1/responses/input_tokens', { body });
    expect({ status, json: JSON.parse(text) as unknown }).toEqual({
      status: 200,
      json: { object: 'response.input_tokens', input_tokens: 7 },
    });
    expect(JSON.parse(fake.cluster.completions.requests[0]?.body ?? '')).toMatchObject({
      max_tokens: 1,
      messages: [{ role: 'system' }, { role: 'user' }],
    });
  });
});

describe('GET /v1/responses/{id}/input_items', () => {
  it('lists what was asked, written out, a page at a time', async () => {
    const input = [
      { role: 'user', content: 'One' },
      { role: 'assistant', content: 'Two' },
      { type: 'function_call', call_id: 'c', name: 'f', arguments: '{}' },
    ];
    const [, { id }] = await create({ input });
    const list = async (query: string) => {
      const [, text] = await ask('GET', `/v1/responses/${String(id)}/input_items${query}`);
      return JSON.parse(text) as { data: { id: string }[]; has_more: boolean; last_id: string };
    };
    const first = await list('?order=asc&limit=2');
    expect(first).toMatchObject({
      object: 'list',
      has_more: true,
      data: [
        { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'One' }] },
        { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'Two' }] },
      ],
    });
    const rest = await list(`?order=asc&after=${first.last_id}`);
    expect(rest).toMatchObject({ has_more: false, data: [{ type: 'function_call', call_id: 'c' }] });
    expect((await list('')).data.map((item) => item.id)).toEqual(
      [...first.data, ...rest.data].map((item) => item.id).toReversed(),
    );
  });

  it.each(['?order=up', '?limit=0', '?limit=101', '?limit=a', '?limit=1e1', '?after=x', '?after=a&after=b'])(
    'refuses %s',
    async (query) => {
      const [, { id }] = await create({});
      const [status, text] = await ask('GET', `/v1/responses/${String(id)}/input_items${query}`);
      expect({ status, json: JSON.parse(text) as unknown }).toMatchObject({
        status: 400,
        json: { error: { param: /^\?(\w+)/.exec(query)?.[1] } },
      });
    },
  );
});
