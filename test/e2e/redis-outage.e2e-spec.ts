import { readdir, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { RedisConnections } from '#redis';
import {
  assembleChat,
  eventually,
  type OpenResponse,
  openRequest,
  parseSse,
  requestJson,
  startRedis,
  syntheticText,
} from '#testing';
import { statsOf } from './support/engines.js';
import { completionJobs } from './support/redis-leftovers.js';
import { requestIdOf, resume, wholeEvents } from './support/resume.js';
import { useCluster } from './support/use-cluster.js';

const SLOTS = 8;
const RATE = 50;

/** From Redis being back to the last stream flowing. */
const RECOVERY_MS = 15_000;

interface Asked {
  readonly tokens: number;
  readonly synthetic: Readonly<Record<string, number>>;
  readonly stream?: boolean;
}

function post(
  url: string,
  model: string,
  { tokens, synthetic, stream = true }: Asked,
): Promise<OpenResponse> {
  const body = { model, stream, messages: [{ role: 'user', content: 'Hi' }], max_tokens: tokens, synthetic };
  // Comments about the place in the queue would make streams begin before their answers do.
  const headers = { 'x-queue-notices': 'off' };
  return openRequest({ url: `${url}/v1/chat/completions`, body, headers });
}

/** The text of an answer, which must be whole, and when its bytes came. */
async function textOf(response: Promise<OpenResponse>, stream = true) {
  const opened = await response;
  const bytes = await opened.whole();
  expect([opened.status, opened.status === 200 ? '' : bytes.toString()]).toEqual([200, '']);
  const { arrivals } = opened;
  if (stream) return { text: assembleChat(parseSse(bytes)).text, arrivals };
  const json = JSON.parse(bytes.toString()) as { choices: { message: { content: string } }[] };
  return { text: json.choices[0]?.message.content, arrivals };
}

/** What Redis has written by now. A power cut takes what it wrote last. */
async function lengthOfMemory(url: string) {
  const connections = new RedisConnections({ url, name: 'test' });
  const [, directory = ''] = await connections.patient('looking').config('GET', 'dir');
  connections.close();
  const folder = join(directory, 'appendonlydir');
  const name = (await readdir(folder)).findLast((file) => file.endsWith('.incr.aof')) ?? '';
  const path = join(folder, name);
  const { size } = await stat(path);
  return { forgetTheRest: () => truncate(path, size) };
}

describe('a Redis that is killed', () => {
  const shared = useCluster(async () => ({
    gateways: 2,
    workers: 1,
    engine: 'synthetic',
    redis: await startRedis({ appendOnly: true }),
    workerEnvironment: { LONGSHORE_SLOTS: String(SLOTS) },
  }));
  let model = '';
  beforeAll(async () => {
    model = (await shared.pulled('scripted')).reference;
    await textOf(post(shared.cluster.gateway().url, model, { tokens: 1, synthetic: {} }));
  });

  const stats = () => statsOf(shared.cluster.worker());

  it.each([3, 12])('for %i s costs no stream a byte, wherever it was', async (seconds) => {
    const { redis, gateways } = shared.cluster;
    const url = (index: number): string => gateways[index % gateways.length]?.url ?? '';
    const ask = (asked: Asked, index: number) => ({ asked, opened: post(url(index), model, asked) });
    const lasting = RATE * (seconds + 6);
    const decoding = [lasting, lasting, lasting].map((tokens, index) =>
      ask({ tokens, synthetic: { rate: RATE } }, index),
    );
    for (const { opened } of decoding) {
      const stream = await opened;
      await eventually(() => wholeEvents(stream.received()).length > 20);
    }
    const others = [
      { tokens: 90, synthetic: { prefillMs: 2_500, rate: RATE } },
      { tokens: 60, synthetic: { prefillMs: (seconds + 4) * 1_000, rate: RATE } },
      { tokens: 200, synthetic: { rate: RATE } },
      { tokens: 225, synthetic: { rate: RATE }, stream: false },
      { tokens: 240, synthetic: { rate: RATE } },
    ].map(ask);
    await eventually(stats, ({ open }) => open === SLOTS, { every: 20 });
    // These wait; most were accepted within the second that Redis may forget.
    const waiting = Array.from({ length: 6 }, (_, index) =>
      ask({ tokens: 10 + index, synthetic: { rate: RATE }, stream: index % 2 === 0 }, index),
    );
    const asked = decoding.length + others.length + waiting.length;
    await eventually(
      () => completionJobs(redis.url),
      ({ length }) => length === asked,
      { every: 20 },
    );
    await redis.kill();
    const refusedAt = performance.now();
    const refused = await post(url(0), model, { tokens: 1, synthetic: {} });
    const refusal = (await refused.whole()).toString();
    expect(performance.now() - refusedAt).toBeLessThan(10_000);
    expect([refused.status, refusal]).toEqual([503, expect.stringContaining('redis_unavailable')]);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    await delay(seconds * 1_000);
    await redis.restart();
    const back = performance.now();
    for (const { asked, opened } of [...others, ...waiting]) {
      expect((await textOf(opened, asked.stream ?? true)).text).toBe(syntheticText(asked.tokens));
    }
    const stalls: number[] = [];
    for (const { opened } of decoding) {
      const { text, arrivals } = await textOf(opened);
      expect(text).toBe(syntheticText(lasting));
      stalls.push((arrivals.find(({ at }) => at > back)?.at ?? Infinity) - back);
    }
    console.info(
      `Redis away for ${seconds} s: streams went on ${stalls.map(Math.round).join(', ')} ms after`,
    );
    expect(Math.max(...stalls)).toBeLessThan(RECOVERY_MS);
  });

  it.each([0, 1, 2])(
    'and forgets the last moment loses no request that it accepted then (round %i)',
    async (round) => {
      const { redis, gateways } = shared.cluster;
      const remembered = await lengthOfMemory(redis.url);
      const asked = Array.from({ length: 24 }, (_, index) => ({
        tokens: 5 + index,
        synthetic: { prefillMs: index < SLOTS ? 4_000 : 1_000, rate: RATE },
        stream: index % 2 === 0,
      }));
      const ask = async (one: Asked, index: number) =>
        (await textOf(post(gateways[index % 2]?.url ?? '', model, one), one.stream)).text;
      const answers = asked.slice(0, SLOTS).map(ask);
      // These are there until all are.
      await eventually(stats, ({ open }) => open === SLOTS, { every: 20 });
      answers.push(...asked.slice(SLOTS).map(ask));
      await eventually(
        () => completionJobs(redis.url),
        ({ length }) => length === asked.length,
        { every: 20 },
      );
      await delay(200 * round);
      await redis.kill();
      await remembered.forgetTheRest();
      await delay(500);
      await redis.restart();
      expect(await Promise.all(answers)).toEqual(asked.map(({ tokens }) => syntheticText(tokens)));
    },
  );

  it('lets an answer be resumed that was made before', async () => {
    const { redis, gateways } = shared.cluster;
    const stream = await post(gateways[0]?.url ?? '', model, { tokens: 5, synthetic: {} });
    const first = await stream.whole();
    // Redis writes its file once a second.
    await delay(1_500);
    await redis.kill();
    await redis.restart();
    const again = await eventually(
      () => resume(gateways[1]?.url ?? '', requestIdOf(stream)),
      ({ status }) => status === 200,
    );
    expect(wholeEvents(await again.whole())).toEqual(wholeEvents(first));
  });
});

describe('without a log', () => {
  const shared = useCluster({
    gateways: 1,
    workers: 1,
    engine: 'synthetic',
    gatewayEnvironment: { LONGSHORE_LOG: 'false' },
  });
  let model = '';
  let url = '';
  beforeAll(async () => {
    model = (await shared.pulled('scripted')).reference;
    url = shared.cluster.gateway().url;
    await textOf(post(url, model, { tokens: 1, synthetic: {} }));
  });

  it('a stream goes on when its frames were cut off for a while', async () => {
    const stream = await post(url, model, { tokens: 200, synthetic: { rate: RATE } });
    await eventually(() => wholeEvents(stream.received()).length > 20);
    const { redis } = shared.cluster;
    process.kill(redis.pid, 'SIGSTOP');
    await delay(1_000);
    process.kill(redis.pid, 'SIGCONT');
    expect(assembleChat(parseSse(await stream.whole())).text).toBe(syntheticText(200));
  });

  it('nothing can be resumed, and requests that are to be say so', async () => {
    const stream = await post(url, model, { tokens: 2, synthetic: {} });
    await stream.whole();
    const { status, json } = await requestJson({ url: `${url}/v1/streams/${requestIdOf(stream)}` });
    expect([status, json]).toMatchObject([
      404,
      { error: { message: expect.stringContaining('LONGSHORE_LOG') } },
    ]);
    const body = { model, messages: [{ role: 'user', content: 'Hi' }] };
    const keyed = { url: `${url}/v1/chat/completions`, body, headers: { 'idempotency-key': 'k' } };
    expect(await requestJson(keyed)).toMatchObject({ status: 400 });
  });

  it('a client that hangs up stops the engine', async () => {
    const stream = await post(url, model, { tokens: 1_000_000, synthetic: { rate: RATE } });
    await eventually(() => wholeEvents(stream.received()).length > 5);
    stream.hangUp();
    const { open } = await eventually(
      () => statsOf(shared.cluster.worker()),
      (stats) => stats.open === 0,
      { within: 10_000 },
    );
    expect(open).toBe(0);
  });
});
