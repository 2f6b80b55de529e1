import { afterEach, beforeEach, expect, it } from 'vitest';
import { LongshoreError } from '#contracts';
import { openRequest, type OpenResponse } from '#testing';
import { eventStream } from '../__fakes__/fake-completions.js';
import { type FakeGateway, startFakeGateway } from '../__fakes__/start-fake-gateway.js';
import type { CompletionResponse } from '../completions/completions.js';
import { withEventIds } from './event-ids.js';

const ID = 'gw-0123456789ab.1';
const EVENTS = ['data: 1\n\n', 'data: 2\n\n', 'data: 3\n\n'];

let fake: FakeGateway;
beforeEach(async () => (fake = await startFakeGateway()));
afterEach(() => fake.gateway.stop(0));

const serve = (response: () => CompletionResponse): void => {
  fake.cluster.streams.responses.set(ID, ({ after, eventIds }) =>
    withEventIds(response(), { after, ids: eventIds }),
  );
};
const get = (path: string, headers: Record<string, string> = {}): Promise<OpenResponse> =>
  openRequest({ url: `${fake.url}/v1/streams/${path}`, headers });
const textOf = async (response: OpenResponse): Promise<string> => (await response.whole()).toString();

/** Says its events and then fails. */
async function* failing(): AsyncGenerator<string, void, void> {
  yield* EVENTS;
  throw new LongshoreError('engine_failed', 'It broke.');
}

it('serves an answer from its start, with the numbers of its events', async () => {
  serve(() => eventStream(EVENTS));
  const response = await get(ID);
  expect(response.headers['content-type']).toBe('text/event-stream');
  expect(await textOf(response)).toBe('id: 1\ndata: 1\n\nid: 2\ndata: 2\n\nid: 3\ndata: 3\n\n');
});

it.each([
  ['?after=2', {}],
  ['', { 'last-event-id': '2' }],
  ['?after=1', { 'last-event-id': '2' }],
])('leaves out what the client has (%j %j)', async (query, headers) => {
  serve(() => eventStream(EVENTS));
  expect(await textOf(await get(ID + query, headers))).toBe('id: 3\ndata: 3\n\n');
});

it('has nothing after the end', async () => {
  serve(() => eventStream(EVENTS));
  const response = await get(ID, { 'last-event-id': '9' });
  expect([response.status, await textOf(response)]).toEqual([200, '']);
});

it('sends the head before there is anything new', async () => {
  let end = (): void => undefined;
  const held = new Promise<void>((resolve) => (end = resolve));
  async function* slow(): AsyncGenerator<string, void, void> {
    yield* EVENTS;
    await held;
  }
  serve(() => eventStream(slow()));
  const response = await get(ID, { 'last-event-id': '3' });
  expect(response.status).toBe(200);
  end();
  expect(await textOf(response)).toBe('');
});

it('ends with the failure event of an answer that failed, also when the client has all before it', async () => {
  serve(() => eventStream(failing()));
  for (const after of ['1', '3']) {
    const response = await get(ID, { 'last-event-id': after });
    await expect(response.whole()).rejects.toThrow('aborted');
    expect(response.received().toString()).toMatch(
      /(?:^|\n\n)data: \{"error":.*"code":"engine_failed"\}\}\n\n$/,
    );
  }
});

it.each([
  [`${ID}?after=x`, {}, 'after must be the number'],
  [ID, { 'last-event-id': 'x' }, 'Last-Event-ID must be the number'],
  ['a%20b', {}, 'must name a request id'],
])('refuses %j with %j', async (path, headers, message) => {
  serve(() => eventStream(EVENTS));
  const response = await get(path, headers);
  expect([response.status, await textOf(response)]).toEqual([400, expect.stringContaining(message)]);
});

it('says of what it does not have that there is no such response', async () => {
  const response = await get('gw-0123456789ab.2');
  expect(response.status).toBe(404);
  expect(JSON.parse(await textOf(response))).toMatchObject({ error: { code: 'stream_not_found' } });
});

it('cancels what there is, without a body', async () => {
  serve(() => eventStream(EVENTS));
  const remove = (id: string): Promise<OpenResponse> =>
    openRequest({ url: `${fake.url}/v1/streams/${id}`, method: 'DELETE' });
  const [done, absent] = [await remove(ID), await remove('other')];
  expect([done.status, await textOf(done), absent.status]).toEqual([204, '', 404]);
  expect(fake.cluster.streams.cancelled).toEqual([ID]);
});
