import { beforeAll, describe, expect, it } from 'vitest';
import { eventually, openRequest, parseSse, requestJson, syntheticText } from '#testing';
import { statsOf } from './support/engines.js';
import { useCluster } from './support/use-cluster.js';

const shared = useCluster({
  gateways: 2,
  workers: 1,
  engine: 'synthetic',
  gatewayEnvironment: {
    LONGSHORE_RESUME_WINDOW: '2s',
    LONGSHORE_LOG_RETENTION: '3s',
    LONGSHORE_RESULT_RETENTION: '6s',
    LONGSHORE_REQUEST_TIMEOUT: '12s',
    LONGSHORE_RESPONSE_RETENTION: '8s',
  },
});

interface ResponseBody {
  readonly id: string;
  readonly status: string;
  readonly output_text: string;
  readonly [member: string]: unknown;
}

interface ResponseEvent {
  readonly type: string;
  readonly sequence_number: number;
  readonly response?: ResponseBody;
}

let model = '';
beforeAll(async () => {
  model = (await shared.pulled('scripted')).reference;
  await create({ max_output_tokens: 1 });
});

const url = (gateway = 0): string => `${shared.cluster.gateways.filter(({ alive }) => alive)[gateway]?.url}`;
const slow = { max_output_tokens: 150, synthetic: { rate: 50 } };

async function create(members: object, gateway = 0): Promise<ResponseBody> {
  const body = { model, input: 'Hi', ...members };
  const { status, json } = await requestJson({ url: `${url(gateway)}/v1/responses`, body });
  expect({ status, json }).toMatchObject({ status: 200 });
  return json as ResponseBody;
}

const fetched = async (id: string, gateway = 0): Promise<ResponseBody> =>
  (await requestJson({ url: `${url(gateway)}/v1/responses/${id}`, method: 'GET' })).json as ResponseBody;

const eventsOf = (bytes: Buffer): readonly ResponseEvent[] =>
  parseSse(bytes).map(({ data }) => JSON.parse(data ?? '') as ResponseEvent);

describe('a response', () => {
  it('is answered, kept where every gateway finds it, and continued by a later one', async () => {
    const first = await create({ input: 'Remember me', max_output_tokens: 3 });
    expect(first).toMatchObject({ object: 'response', status: 'incomplete', output_text: syntheticText(3) });
    expect(first).toMatchObject({
      usage: { output_tokens: 3 },
      incomplete_details: { reason: 'max_output_tokens' },
    });
    expect(await fetched(first.id, 1)).toEqual(first);
    const second = await create({ previous_response_id: first.id, input: 'And now?', max_output_tokens: 3 });
    expect(second['previous_response_id']).toBe(first.id);
  });

  it('is streamed as numbered events that end with the whole response', async () => {
    const body = { model, input: 'Hi', stream: true, max_output_tokens: 5 };
    const response = await openRequest({ url: `${url()}/v1/responses`, body });
    const events = eventsOf(await response.whole());
    expect(response.headers['content-type']).toContain('text/event-stream');
    expect(events.map((event) => event.sequence_number)).toEqual([...events.keys()]);
    expect(events[0]?.type).toBe('response.created');
    expect(events.at(-1)).toMatchObject({ response: { output_text: syntheticText(5) } });
  });

  it.each(['responses', 'engines/responses', 'engines/v1/responses', 'engines/llama.cpp/v1/responses'])(
    'is also made at /%s',
    async (path) => {
      const body = { model, input: 'Hi', max_output_tokens: 2 };
      const { status, json } = await requestJson({ url: `${url()}/${path}`, body });
      expect({ status, text: (json as ResponseBody).output_text }).toEqual({
        status: 200,
        text: syntheticText(2),
      });
    },
  );

  it('has items and can be deleted', async () => {
    const { id } = await create({ input: [{ role: 'user', content: 'a' }], max_output_tokens: 1 });
    const items = await requestJson({ url: `${url(1)}/v1/responses/${id}/input_items`, method: 'GET' });
    expect(items.json).toMatchObject({
      object: 'list',
      data: [{ type: 'message', role: 'user', content: [{ type: 'input_text', text: 'a' }] }],
      has_more: false,
    });
    const deleted = await requestJson({ url: `${url(1)}/v1/responses/${id}`, method: 'DELETE' });
    expect(deleted.json).toEqual({ id, object: 'response.deleted', deleted: true });
    const gone = await requestJson({ url: `${url()}/v1/responses/${id}`, method: 'GET' });
    expect(gone).toMatchObject({ status: 404, json: { error: { code: 'stream_not_found' } } });
  });

  it('that is refused says why in the shape of the API', async () => {
    const refuse = (members: object) =>
      requestJson({ url: `${url()}/v1/responses`, body: { model, input: 'Hi', ...members } });
    expect(await refuse({ tools: [{ type: 'file_search' }] })).toMatchObject({
      status: 400,
      json: { error: { param: 'tools', message: expect.stringContaining('file_search') } },
    });
    expect(await refuse({ previous_response_id: 'resp_none' })).toMatchObject({
      status: 404,
      json: { error: { param: 'previous_response_id' } },
    });
    expect(await refuse({ model: 'nobody/nothing' })).toMatchObject({ status: 404 });
  });
});

describe('a background response', () => {
  it('is made with nobody waiting', async () => {
    const begun = await create({ background: true, max_output_tokens: 20, synthetic: { rate: 50 } });
    expect(begun).toMatchObject({ status: 'queued', background: true, output: [] });
    const done = await eventually(
      () => fetched(begun.id, 1),
      ({ status }) => status === 'incomplete',
    );
    expect(done.output_text).toBe(syntheticText(20));
  });

  it('outlives its gateway: the stream goes on at another after the last event received', async () => {
    const doomed = await shared.cluster.addGateway();
    const body = { model, input: 'Hi', background: true, stream: true, ...slow };
    const first = await openRequest({ url: `${doomed.url}/v1/responses`, body });
    await eventually(() => first.received().includes('t20'));
    await doomed.kill();
    const had = eventsOf(first.received().slice(0, first.received().lastIndexOf('\n\n') + 2));
    const last = had.at(-1)?.sequence_number ?? -1;
    const { id } = had[0]?.response ?? { id: '' };
    const again = await openRequest({
      url: `${url()}/v1/responses/${id}?stream=true&starting_after=${last}`,
      method: 'GET',
    });
    const rest = eventsOf(await again.whole());
    expect([...had, ...rest].map((event) => event.sequence_number)).toEqual(
      [...had, ...rest].map((_, index) => index),
    );
    expect(rest.at(-1)?.response?.output_text).toBe(syntheticText(150));
    expect(await fetched(id)).toMatchObject({ output_text: syntheticText(150) });
  });

  it('is stopped by a cancel, and keeps what was said', async () => {
    const { id } = await create({ background: true, max_output_tokens: 1_000_000, synthetic: { rate: 50 } });
    await eventually(
      () => fetched(id),
      ({ output_text: text }) => text.includes('t5'),
    );
    const cancelled = await requestJson({ url: `${url(1)}/v1/responses/${id}/cancel`, method: 'POST' });
    expect(cancelled.json).toMatchObject({ id, status: 'cancelled' });
    const idle = { within: 20_000, what: 'the engine to be idle' };
    await eventually(
      () => statsOf(shared.cluster.worker()),
      ({ open }) => open === 0,
      idle,
    );
    expect(await fetched(id)).toMatchObject({
      status: 'cancelled',
      output_text: expect.stringContaining('t5'),
    });
  });

  it('must be one to be cancelled', async () => {
    const { id } = await create({ max_output_tokens: 1 });
    const refused = await requestJson({ url: `${url()}/v1/responses/${id}/cancel`, method: 'POST' });
    expect(refused).toMatchObject({
      status: 400,
      json: { error: { message: expect.stringContaining('background') } },
    });
  });
});
