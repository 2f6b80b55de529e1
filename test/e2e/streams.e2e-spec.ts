import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  assembleChat,
  eventually,
  openChat,
  openRequest,
  type OpenResponse,
  parseSse,
  type RedisFixture,
  requestJson,
  startRedis,
  syntheticText,
  streamChat,
} from '#testing';
import { askEngine, residentMemory, statsOf } from './support/engines.js';
import { cutSubscribers } from './support/redis-leftovers.js';
import { useCluster } from './support/use-cluster.js';

const STALL_TIMEOUT_MS = 10_000;
/** Much more than sockets on the way can hold; bytes of a stream are about 170 a token. */
const HUGE = 200_000;
const MEMORY_BOUND_MIB = 64;

let redis: RedisFixture | undefined;
const shared = useCluster(async () => {
  redis = await startRedis({ appendOnly: true });
  return {
    gateways: 1,
    workers: 1,
    engine: 'synthetic',
    redis,
    gatewayEnvironment: { LONGSHORE_CLIENT_STALL_TIMEOUT: `${STALL_TIMEOUT_MS}ms` },
  };
});

let model = '';
let url = '';
beforeAll(async () => {
  model = (await shared.pulled('scripted')).reference;
  url = shared.cluster.gateway().url;
  await streamChat(url, { model, prompt: 'Hello' });
});

const open = (tokens: number, rate = 0): Promise<OpenResponse> =>
  openChat(url, { model, prompt: 'Hello', parameters: { max_tokens: tokens, synthetic: { rate } } });

async function expectText(response: OpenResponse, tokens: number): Promise<void> {
  expect(response.status).toBe(200);
  const bytes = await response.whole().catch(() => {
    throw new Error(`The stream broke off with ${response.received().subarray(-400).toString()}`);
  });
  const { text, textChunks } = assembleChat(parseSse(bytes));
  expect(textChunks).toBe(tokens);
  expect(text).toBe(syntheticText(tokens));
}

describe('what the engine answers', () => {
  it.each(['chat/completions', 'completions'])('reaches the client byte for byte (%s)', async (call) => {
    const body = {
      model,
      messages: [{ role: 'user', content: 'Grüße 🚢' }],
      prompt: 'Grüße 🚢',
      max_tokens: 500,
      stream: true,
      stream_options: { include_usage: true },
    };
    const direct = await askEngine(shared.cluster.worker(), `/v1/${call}`, body);
    const expected = (await direct.whole()).toString();
    const answers = await Promise.all(
      ['/v1', '/engines/v1', '/engines/llama.cpp/v1'].map(async (prefix) => {
        const headers = { 'x-queue-notices': 'off' };
        const response = await openRequest({ url: `${url}${prefix}/${call}`, body, headers });
        expect(response.headers['content-type']).toBe(direct.headers['content-type']);
        return (await response.whole()).toString();
      }),
    );
    expect(answers).toEqual([expected, expected, expected]);
  });

  it('is a refusal as well as an answer', async () => {
    const body = { model, messages: [], synthetic: { refuse: 422 } };
    const direct = await askEngine(shared.cluster.worker(), '/v1/chat/completions', body);
    const { status, json } = await requestJson({ url: `${url}/v1/chat/completions`, body });
    expect(status).toBe(422);
    expect(json).toEqual(JSON.parse((await direct.whole()).toString()));
  });
});

describe('a client that stops reading', () => {
  const memory = () => residentMemory(shared.cluster.gateway().pid);
  const made = async (): Promise<number> => (await statsOf(shared.cluster.worker())).tokens;

  it('costs the gateway little, disturbs nobody and gets everything when it reads on', async () => {
    const before = memory();
    const madeBefore = await made();
    const slow = await open(HUGE);
    slow.pause();
    const samples: number[] = [];
    const sampling = setInterval(() => samples.push(memory()), 50);
    await Promise.all(Array.from({ length: 4 }, async () => expectText(await open(500, 500), 500)));
    await eventually(
      () => statsOf(shared.cluster.worker()),
      ({ open }) => open === 1,
    );
    clearInterval(sampling);
    let last = -1;
    const standsStill = (tokens: number): boolean => {
      const same = tokens === last;
      last = tokens;
      return same;
    };
    const tokens = await eventually(made, standsStill, { every: 300, what: 'the engine to be held back' });
    expect(tokens - madeBefore).toBeLessThan(HUGE);
    expect(Math.max(...samples) - before).toBeLessThan(MEMORY_BOUND_MIB);
    slow.resume();
    await expectText(slow, HUGE);
  });

  it('is given up in the end, and the engine is free again', async () => {
    const slow = await open(10 * HUGE);
    slow.pause();
    await eventually(
      () => statsOf(shared.cluster.worker()),
      ({ open }) => open === 1,
    );
    const options = { within: 60_000, every: 100 };
    await eventually(
      () => statsOf(shared.cluster.worker()),
      ({ open }) => open === 0,
      options,
    );
    slow.hangUp();
    expect((await statsOf(shared.cluster.worker())).aborted).toBeGreaterThan(0);
  });
});

describe('a stream', () => {
  it('loses and repeats nothing when subscriptions break again and again', async () => {
    const streams = await Promise.all([open(1_500, 500), open(600, 200), open(6_000, 2_000)]);
    let cuts = 0;
    const cutting = setInterval(
      () => void cutSubscribers(shared.cluster.redis.url).then((cut) => (cuts += cut)),
      250,
    );
    try {
      await Promise.all([
        expectText(streams[0], 1_500),
        expectText(streams[1], 600),
        expectText(streams[2], 6_000),
      ]);
    } finally {
      clearInterval(cutting);
    }
    expect(cuts).toBeGreaterThan(3);
  });

  it('goes on when Redis is restarted, and when Redis is killed', async () => {
    const streams = await Promise.all([open(1_500, 300), open(10_000, 2_000)]);
    await sleep(500);
    await redis?.restart();
    await sleep(1_000);
    await redis?.kill();
    await redis?.restart();
    await Promise.all([expectText(streams[0], 1_500), expectText(streams[1], 10_000)]);
    const next = await streamChat(url, { model, prompt: 'Hello', parameters: { max_tokens: 10 } });
    expect(next.text).toBe(syntheticText(10));
  });
});
