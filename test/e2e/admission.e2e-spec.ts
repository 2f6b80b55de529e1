import { beforeAll, describe, expect, it } from 'vitest';
import {
  askChat,
  eventually,
  openChat,
  openRequest,
  type OpenResponse,
  requestJson,
  streamChat,
} from '#testing';
import { statsOf } from './support/engines.js';
import { completionJobs } from './support/redis-leftovers.js';
import { useCluster } from './support/use-cluster.js';

const MAX_WAITING = 4;
/** From the end of a request for the caller to an idle engine, on a busy machine; ms. */
const IDLE_WITHIN = 10_000;

const shared = useCluster({
  gateways: 2,
  workers: 1,
  engine: 'synthetic',
  gatewayEnvironment: { LONGSHORE_MAX_WAITING: String(MAX_WAITING), LONGSHORE_LOG_RETENTION: '1s' },
  workerEnvironment: { LONGSHORE_SLOTS: '1', LONGSHORE_MAX_SESSIONS: '1' },
});

let model = '';
beforeAll(async () => {
  model = (await shared.pulled('scripted')).reference;
  await streamChat(url(), { model, prompt: 'Hello' });
});

const url = (gateway = 0): string => shared.cluster.gateway(gateway).url;
const jobs = () => completionJobs(shared.cluster.redis.url);
const noJobs = () => eventually(jobs, (left) => left.length === 0, { within: 20_000 });
const stats = () => statsOf(shared.cluster.worker());
const idle = (within = 20_000) => eventually(stats, ({ open }) => open === 0, { within });

/** A chat that holds the only slot until it is hung up. */
async function occupy(): Promise<OpenResponse> {
  const parameters = { max_tokens: 1_000_000, synthetic: { rate: 50 } };
  const running = await openChat(url(), { model, prompt: 'Hello', parameters });
  await eventually(() => running.received().includes('t3'));
  return running;
}

interface Asking {
  readonly gateway?: number;
  readonly headers?: Record<string, string>;
  readonly parameters?: Record<string, unknown>;
  readonly signal?: AbortSignal;
}

function ask({ gateway = 0, headers = {}, parameters = {}, signal }: Asking = {}): Promise<OpenResponse> {
  return openRequest({
    url: `${url(gateway)}/v1/chat/completions`,
    headers,
    body: { model, messages: [{ role: 'user', content: 'Hello' }], max_tokens: 3, ...parameters },
    ...(signal === undefined ? {} : { signal }),
  });
}

/** Asks one after the other, so that they wait in this order. */
async function line(askings: readonly Asking[]): Promise<Promise<OpenResponse>[]> {
  const asked: Promise<OpenResponse>[] = [];
  const before = (await jobs()).length;
  for (const asking of askings) {
    asked.push(ask(asking));
    await eventually(jobs, (now) => now.length === before + asked.length);
  }
  return asked;
}

const jsonOf = async (response: OpenResponse): Promise<unknown> =>
  JSON.parse((await response.whole()).toString()) as unknown;

describe('a waiting room', () => {
  it('holds as many as it may over all gateways, and sends more away with when to come back', async () => {
    const running = await occupy();
    const hangingUp = new AbortController();
    const waiting = await line(
      Array.from({ length: MAX_WAITING }, (_, index) => ({ gateway: index % 2, signal: hangingUp.signal })),
    );
    for (const gateway of [0, 1]) {
      const refused = await ask({ gateway });
      expect(refused.status).toBe(429);
      expect(await jsonOf(refused)).toMatchObject({
        error: { type: 'rate_limit_error', code: 'queue_full', message: /try again in \d+ s/ },
      });
      const seconds = Number(refused.headers['retry-after']);
      expect(seconds).toBeGreaterThanOrEqual(1);
      expect(seconds).toBeLessThanOrEqual(60);
      expect(Math.ceil(Number(refused.headers['retry-after-ms']) / 1_000)).toBe(seconds);
    }
    expect(await jobs()).toHaveLength(MAX_WAITING + 1);

    hangingUp.abort();
    await Promise.allSettled(waiting);
    await eventually(jobs, (left) => left.length === 1);
    const [next] = await line([{ gateway: 1 }]);
    running.hangUp();
    expect((await next)?.status).toBe(200);
    await noJobs();
  });

  it('tells in headers how many were ahead, and for how long they are likely to take', async () => {
    const running = await occupy();
    const [first, second, third] = await line([{}, { gateway: 1 }, {}]);
    running.hangUp();
    const heads = await Promise.all([first, second, third]);
    expect(heads.map((head) => head?.headers['x-longshore-queue-position'])).toEqual([undefined, '2', '3']);
    const [none, two, three] = heads.map((head) => Number(head?.headers['x-longshore-queue-eta']));
    expect(none).toBeNaN();
    expect(two).toBeGreaterThan(0);
    expect(three).toBeGreaterThan(two ?? 0);
    await noJobs();
  });

  it('serves the most urgent first, and equals in the order in which they came', async () => {
    const running = await occupy();
    // Each answer takes a while, so that they arrive in the order in which they were made.
    const synthetic = { rate: 4 };
    const asked = await line([
      { headers: { 'x-priority': 'low' }, parameters: { synthetic } },
      { parameters: { service_tier: 'priority', synthetic } },
      { gateway: 1, parameters: { synthetic } },
      { headers: { 'x-priority': '1' }, parameters: { service_tier: 'flex', synthetic } },
    ]);
    const order: number[] = [];
    const done = asked.map(async (response, index) => {
      await (await response).whole();
      order.push(index);
    });
    running.hangUp();
    await Promise.all(done);
    expect(order).toEqual([3, 1, 2, 0]);
    await noJobs();
  });
});

describe('X-Request-Timeout', () => {
  it('ends a request that still waits, and takes it out of its queue', async () => {
    const running = await occupy();
    const { requests } = await stats();
    const started = performance.now();
    const response = await ask({ headers: { 'x-request-timeout': '700ms' } });
    expect(response.status).toBe(504);
    expect(await jsonOf(response)).toMatchObject({ error: { code: 'deadline_exceeded' } });
    expect(performance.now() - started).toBeLessThan(20_000);
    await eventually(jobs, (left) => left.length === 1, { within: IDLE_WITHIN });
    running.hangUp();
    await noJobs();
    expect((await stats()).requests).toBe(requests);
  });

  it('ends a request in prefill, and the engine is idle soon', async () => {
    const parameters = { synthetic: { prefillMs: 600_000 } };
    const response = await ask({ headers: { 'x-request-timeout': '0.6' }, parameters });
    expect(response.status).toBe(504);
    expect(await idle(IDLE_WITHIN)).toMatchObject({ open: 0 });
    await noJobs();
  });

  it('ends a stream in decode with an error event, and the engine is idle soon', async () => {
    const response = await ask({
      headers: { 'x-request-timeout': '3s' },
      parameters: { stream: true, max_tokens: 1_000_000, synthetic: { rate: 50 } },
    });
    expect(response.status).toBe(200);
    await expect(response.whole()).rejects.toThrow('aborted');
    expect(response.received().toString()).toMatch(
      /\n\ndata: \{"error":.*"code":"deadline_exceeded"\}\}\n\n$/,
    );
    expect(await idle(IDLE_WITHIN)).toMatchObject({ open: 0 });
    await noJobs();
  });

  it('does not raise the limit of the gateway, nor end what is done in time', async () => {
    const response = await ask({ headers: { 'x-request-timeout': '1000h' } });
    expect(response.status).toBe(200);
    const { status, text } = await askChat(url(), { model, prompt: 'Hello' });
    expect([status, text.length > 0]).toEqual([200, true]);
  });

  it.each([
    ['x-request-timeout', 'soon'],
    ['x-request-timeout', '0'],
    ['x-priority', '21'],
    ['x-queue-notices', 'perhaps'],
  ])('and its like are refused where they cannot be read (%s: %s)', async (name, value) => {
    const { status, json } = await requestJson({
      url: `${url()}/v1/chat/completions`,
      body: { model, messages: [] },
      headers: { [name]: value },
    });
    expect(status).toBe(400);
    expect(json).toMatchObject({ error: { code: 'invalid_request', type: 'invalid_request_error' } });
  });
});
