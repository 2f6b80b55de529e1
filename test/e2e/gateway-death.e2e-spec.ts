import { beforeAll, describe, expect, it } from 'vitest';
import {
  assembleChat,
  eventually,
  type OpenResponse,
  openRequest,
  parseSse,
  requestJson,
  syntheticText,
} from '#testing';
import { statsOf } from './support/engines.js';
import { completionJobs } from './support/redis-leftovers.js';
import { cancel, eventIds, requestIdOf, resume, wholeEvents } from './support/resume.js';
import { useCluster } from './support/use-cluster.js';

const WINDOW_MS = 3_000;
const RETENTION_MS = 4_000;
const TOKENS = 400;
const RATE = 100;

const shared = useCluster({
  gateways: 2,
  workers: 1,
  engine: 'synthetic',
  workerEnvironment: { LONGSHORE_SLOTS: '32' },
  gatewayEnvironment: {
    LONGSHORE_RESUME_WINDOW: `${WINDOW_MS}ms`,
    LONGSHORE_DRAIN_TIMEOUT: '300ms',
    LONGSHORE_LOG_RETENTION: `${RETENTION_MS}ms`,
  },
});

let model = '';
const stats = () => statsOf(shared.cluster.worker());
/** For a slow machine: what goes on by mistake goes on for longer. */
const WITHIN_MS = 30_000;
const idle = () =>
  eventually(stats, ({ open }) => open === 0, { within: WITHIN_MS, what: 'the engine to be idle' });

beforeAll(async () => {
  model = (await shared.pulled('scripted')).reference;
  await (await chat(shared.cluster.gateway().url, { max_tokens: 1 })).whole();
});

/** A gateway that is alive and not `other`. */
async function freshGateway() {
  return shared.cluster.addGateway();
}

function chat(
  url: string,
  parameters: Readonly<Record<string, unknown>>,
  headers: Readonly<Record<string, string>> = {},
  stream = true,
): Promise<OpenResponse> {
  return openRequest({
    url: `${url}/v1/chat/completions`,
    headers,
    body: { model, stream, messages: [{ role: 'user', content: 'Hi' }], ...parameters },
  });
}

/** The head of a stream that was told how long it waits goes out before anybody knows who will answer. */
const UNTOLD = { 'x-queue-notices': 'off' };
const lasting = { max_tokens: TOKENS, synthetic: { rate: RATE } };

async function untilEvents(response: OpenResponse, count: number): Promise<void> {
  await eventually(() => wholeEvents(response.received()).length >= count);
}

/** What a client has that lost its connection: whole events only. */
async function brokenOff(response: OpenResponse): Promise<string[]> {
  await response.whole().then(
    () => expect.unreachable('the stream should have broken off'),
    () => undefined,
  );
  return wholeEvents(response.received());
}

describe('a gateway that is killed', () => {
  it('in the midst of streams loses nothing of them: another gateway has the rest', async () => {
    const [victim, heir] = [await freshGateway(), shared.cluster.gateway()];
    const streams = await Promise.all(Array.from({ length: 20 }, () => chat(victim.url, lasting, UNTOLD)));
    await Promise.all(streams.map((stream, index) => untilEvents(stream, 5 + 3 * index)));
    const { requests } = await stats();
    await victim.kill('SIGKILL');
    const started = performance.now();
    await Promise.all(
      streams.map(async (stream) => {
        const had = await brokenOff(stream);
        const rest = await resume(heir.url, requestIdOf(stream), { after: had.length });
        expect(rest.status).toBe(200);
        for (const name of ['content-type', 'x-longshore-worker', 'x-longshore-request']) {
          expect(rest.headers[name]).toBe(stream.headers[name]);
        }
        const bytes = await rest.whole();
        const ids = eventIds(bytes);
        expect(ids).toEqual(ids.map((_, index) => had.length + index + 1));
        const events = [...had, ...wholeEvents(bytes)];
        const again = await (await resume(heir.url, requestIdOf(stream))).whole();
        expect(events).toEqual(wholeEvents(again));
        expect(assembleChat(parseSse(Buffer.from(`${events.join('\n\n')}\n\n`))).text).toBe(
          syntheticText(TOKENS),
        );
      }),
    );
    console.info(`20 streams were resumed and complete after ${Math.round(performance.now() - started)} ms`);
    expect((await stats()).requests).toBe(requests);
    await idle();
  });

  it('while a request waits keeps it: it can be followed from another gateway', async () => {
    const [victim, heir] = [await freshGateway(), shared.cluster.gateway()];
    const headers = { 'x-longshore-resumable': 'true' };
    const stream = await chat(victim.url, { max_tokens: 5, synthetic: { prefillMs: 2_500 } }, headers);
    const id = requestIdOf(stream);
    await victim.kill('SIGKILL');
    await brokenOff(stream);
    const rest = await (await resume(heir.url, id)).whole();
    expect(assembleChat(parseSse(rest)).text).toBe(syntheticText(5));
  });

  it('leaves work that nobody comes back for to end by itself after a while', async () => {
    const victim = await freshGateway();
    const long = { max_tokens: 1_000_000, synthetic: { rate: RATE } };
    const stream = await chat(victim.url, long);
    const other = await chat(victim.url, long);
    await untilEvents(stream, 5);
    await victim.kill('SIGKILL');
    await brokenOff(stream);
    // The other one is read on, so that the channel of the dead gateway has a listener.
    const rest = await resume(shared.cluster.gateway().url, requestIdOf(other), { after: 1 });
    await eventually(stats, ({ open }) => open === 1, { within: WITHIN_MS });
    expect(rest.received().length).toBeGreaterThan(0);
    rest.hangUp();
    await idle();
  });
});

describe('a gateway that is told to stop', () => {
  it('tells clients whose answers last too long where the rest is', async () => {
    const [leaving, heir] = [await freshGateway(), shared.cluster.gateway()];
    const { requests } = await stats();
    const streams = await Promise.all([1, 2].map(() => chat(leaving.url, lasting)));
    for (const stream of streams) await untilEvents(stream, 5);
    await leaving.stop();
    // At once: what nobody follows for too long is given up.
    await Promise.all(
      streams.map(async (stream) => {
        const had = await brokenOff(stream);
        expect(had.pop()).toMatch(/\/v1\/streams\/gw-.*"code":"shutting_down"/);
        const rest = await (await resume(heir.url, requestIdOf(stream), { after: had.length })).whole();
        const whole = Buffer.from(`${[...had, ...wholeEvents(rest)].join('\n\n')}\n\n`);
        expect(assembleChat(parseSse(whole)).text).toBe(syntheticText(TOKENS));
      }),
    );
    expect((await stats()).requests).toBe(requests + 2);
  });
});

describe('an answer by its id', () => {
  it('has numbers in the first stream where they were asked for', async () => {
    const { url } = shared.cluster.gateway();
    const bytes = await (await chat(url, { max_tokens: 3 }, { 'x-stream-ids': 'true' })).whole();
    expect(eventIds(bytes)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(assembleChat(parseSse(bytes)).text).toBe(syntheticText(3));
  });

  it('is the same at every gateway, also without a stream, until it expires', async () => {
    const [first, second] = [shared.cluster.gateway(0).url, shared.cluster.gateway(1).url];
    const answer = await chat(first, { max_tokens: 4 }, {}, false);
    const bytes = await answer.whole();
    const again = await resume(second, requestIdOf(answer), { after: 3 });
    expect(again.status).toBe(200);
    expect(again.headers['content-type']).toBe(answer.headers['content-type']);
    expect((await again.whole()).equals(bytes)).toBe(true);
    const gone = await eventually(
      () => requestJson({ url: `${second}/v1/streams/${requestIdOf(answer)}` }).catch(() => undefined),
      (now) => now?.status === 404,
      { within: WITHIN_MS, every: 500 },
    );
    expect(gone?.json).toMatchObject({ error: { code: 'stream_not_found' } });
  });

  it('can be followed from its start by several at once while it is being made', async () => {
    const { url } = shared.cluster.gateway(0);
    const stream = await chat(url, { max_tokens: 100, synthetic: { rate: RATE } });
    await untilEvents(stream, 20);
    const followers = await Promise.all(
      shared.cluster.gateways
        .filter(({ alive }) => alive)
        .map((gateway) => resume(gateway.url, requestIdOf(stream))),
    );
    const first = wholeEvents(await stream.whole());
    for (const follower of followers) expect(wholeEvents(await follower.whole())).toEqual(first);
  });

  it('has nothing after its end, and refuses what is no number or no id', async () => {
    const { url } = shared.cluster.gateway(0);
    const stream = await chat(url, { max_tokens: 2 });
    await stream.whole();
    const id = requestIdOf(stream);
    expect((await (await resume(url, id, { after: 1_000 })).whole()).toString()).toBe('');
    expect(
      wholeEvents(await (await openRequest({ url: `${url}/v1/streams/${id}?after=4` })).whole()),
    ).toEqual(['data: [DONE]']);
    const refused = [
      resume(url, id, { headers: { 'last-event-id': 'x1' } }),
      openRequest({ url: `${url}/v1/streams/${id}?after=-1` }),
      resume(url, 'ä'),
    ];
    for (const response of await Promise.all(refused)) expect(response.status).toBe(400);
    expect((await resume(url, 'gw-000000000000.1')).status).toBe(404);
    expect((await resume(url, 'no-such-key')).status).toBe(404);
  });

  it('fails again as it failed first', async () => {
    const [first, second] = [shared.cluster.gateway(0).url, shared.cluster.gateway(1).url];
    const refused = await chat(first, { synthetic: { refuse: 418 } }, UNTOLD);
    const again = await resume(second, requestIdOf(refused));
    expect([again.status, (await again.whole()).toString()]).toEqual([
      418,
      (await refused.whole()).toString(),
    ]);
  });
});

describe('a client that hangs up', () => {
  it('has its answer made for a while when it may come back, and no longer', async () => {
    const { url } = shared.cluster.gateway(0);
    const long = { max_tokens: 1_000_000, synthetic: { rate: RATE } };
    const stream = await chat(url, long, { 'x-longshore-resumable': 'true' });
    await untilEvents(stream, 5);
    stream.hangUp();
    const hungUp = performance.now();
    await new Promise((resolve) => setTimeout(resolve, WINDOW_MS / 2));
    expect((await stats()).open).toBe(1);
    await idle();
    expect(performance.now() - hungUp).toBeGreaterThan(WINDOW_MS - 100);
  });

  it('and comes back to another gateway gets all of it, however long that takes', async () => {
    const [first, second] = [shared.cluster.gateway(0).url, shared.cluster.gateway(1).url];
    const tokens = (RATE * (WINDOW_MS + 3_000)) / 1_000;
    const slow = { max_tokens: tokens, synthetic: { rate: RATE } };
    const stream = await chat(first, slow, { 'x-longshore-resumable': 'true' });
    await untilEvents(stream, 5);
    stream.hangUp();
    const had = wholeEvents(stream.received());
    const rest = await (await resume(second, requestIdOf(stream), { after: had.length })).whole();
    const events = [...had, ...wholeEvents(rest)];
    expect(assembleChat(parseSse(Buffer.from(`${events.join('\n\n')}\n\n`))).text).toBe(
      syntheticText(tokens),
    );
  });

  it('has its answer stopped at once when it did not say that it may come back', async () => {
    const stream = await chat(shared.cluster.gateway(0).url, {
      max_tokens: 1_000_000,
      synthetic: { rate: RATE },
    });
    await untilEvents(stream, 5);
    stream.hangUp();
    expect((await idle()).open).toBe(0);
  });
});

describe('a request that is cancelled by its id', () => {
  it.each([0, 1])(
    'in decode, at gateway %i, ends its stream with an error and the engine is idle',
    async (at) => {
      const stream = await chat(shared.cluster.gateway(0).url, {
        max_tokens: 1_000_000,
        synthetic: { rate: RATE },
      });
      await untilEvents(stream, 5);
      expect(await cancel(shared.cluster.gateway(at).url, requestIdOf(stream))).toBe(204);
      const events = await brokenOff(stream);
      expect(events.at(-1)).toContain('"code":"cancelled"');
      await idle();
      expect(await cancel(shared.cluster.gateway(at).url, requestIdOf(stream))).toBe(204);
    },
  );

  it('in prefill is answered with 409', async () => {
    const hidden = { max_tokens: 5, synthetic: { prefillMs: 600_000 } };
    const key = 'cancelled-in-prefill';
    const answer = chat(shared.cluster.gateway(0).url, hidden, { 'idempotency-key': key }, false);
    await eventually(stats, ({ open }) => open === 1);
    expect(await cancel(shared.cluster.gateway(1).url, key)).toBe(204);
    expect((await answer).status).toBe(409);
    await idle();
    const again = await resume(shared.cluster.gateway(1).url, key);
    expect([again.status, (await again.whole()).toString()]).toEqual([
      409,
      expect.stringContaining('cancelled'),
    ]);
  });

  it('while nobody reads it is stopped', async () => {
    const { url } = shared.cluster.gateway(0);
    const long = { max_tokens: 1_000_000, synthetic: { rate: RATE } };
    const stream = await chat(url, long, { 'x-longshore-resumable': 'true' });
    await untilEvents(stream, 5);
    stream.hangUp();
    expect(await cancel(shared.cluster.gateway(1).url, requestIdOf(stream))).toBe(204);
    await idle();
  });

  it('that does not exist is answered with 404', async () => {
    expect(await cancel(shared.cluster.gateway(0).url, 'gw-000000000000.1')).toBe(404);
  });

  it.each([true, false])('in the queue is never run (stream: %s)', async (stream) => {
    const { url } = shared.cluster.gateway(0);
    const long = { max_tokens: 1_000_000, synthetic: { rate: 10 } };
    const running = await Promise.all(Array.from({ length: 32 }, () => chat(url, long)));
    await eventually(stats, ({ open }) => open === 32);
    const { requests } = await stats();
    const key = `cancelled-in-queue-${stream}`;
    const waiting = chat(url, { max_tokens: 5 }, { 'idempotency-key': key }, stream);
    await eventually(
      () => completionJobs(shared.cluster.redis.url),
      ({ length }) => length === 33,
      { what: 'the job to wait' },
    );
    expect(await cancel(shared.cluster.gateway(1).url, key)).toBe(204);
    const answer = await waiting;
    expect(answer.status).toBe(409);
    for (const each of running) each.hangUp();
    await idle();
    expect((await stats()).requests).toBe(requests);
  });
});
