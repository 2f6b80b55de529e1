import { beforeAll, describe, expect, it } from 'vitest';
import {
  assembleChat,
  eventually,
  openChat,
  type OpenResponse,
  parseSse,
  type RedisFixture,
  startRedis,
  streamChat,
  syntheticText,
} from '#testing';
import { residentMemory, statsOf } from './support/engines.js';
import { subscriberIds } from './support/redis-leftovers.js';
import { useCluster } from './support/use-cluster.js';

const SLOW_READERS = 60;
const SLOTS = 64;
/** Much more than sockets on the way can hold; bytes of a stream are about 170 a token. */
const HUGE = 100_000;
/** What one slow reader may cost a gateway. The sockets' buffers are the kernel's. */
const BYTES_A_READER = 1024 * 1024;
const MIB = 1024 * 1024;

let redis: RedisFixture;
const shared = useCluster(async () => {
  redis = await startRedis({ arguments: ['--client-output-buffer-limit', 'pubsub 4mb 2mb 5'] });
  return {
    gateways: 1,
    workers: 1,
    engine: 'synthetic',
    redis,
    gatewayEnvironment: { LONGSHORE_CLIENT_STALL_TIMEOUT: '5m', LONGSHORE_LOG_RETENTION: '1s' },
    workerEnvironment: { LONGSHORE_SLOTS: String(SLOTS) },
  };
});

let model = '';
let url = '';
beforeAll(async () => {
  model = (await shared.pulled('scripted')).reference;
  url = shared.cluster.gateway().url;
  await streamChat(url, { model, prompt: 'Hello' });
});

const stats = () => statsOf(shared.cluster.worker());
const memory = (): number => residentMemory(shared.cluster.gateway().pid);

/** As fast as the engine can, where no rate is given. */
function open(tokens: number, rate = 0): Promise<OpenResponse> {
  const parameters = { max_tokens: tokens, synthetic: { rate } };
  return openChat(url, { model, prompt: 'Hello', parameters });
}

async function expectAnswer(response: OpenResponse, tokens: number): Promise<void> {
  const { text, textChunks } = assembleChat(parseSse(await response.whole()));
  expect(textChunks).toBe(tokens);
  expect(text).toBe(syntheticText(tokens));
}

/** Resolves once the engine has stopped writing to those who do not read. */
async function settled(): Promise<void> {
  let last = -1;
  await eventually(
    async () => (await stats()).tokens,
    (tokens) => {
      const same = tokens === last;
      last = tokens;
      return same;
    },
    { every: 500, within: 60_000 },
  );
}

describe('clients that do not read', () => {
  it('neither grow the gateway nor hold up others, and cut nobody off', async () => {
    const before = memory();
    const subscribers = await subscriberIds(redis.url);
    const slow = await Promise.all(
      Array.from({ length: SLOW_READERS }, async () => {
        const response = await open(HUGE);
        response.pause();
        return response;
      }),
    );
    const samples: number[] = [];
    const sampling = setInterval(() => samples.push(memory()), 100);
    await settled();
    const started = performance.now();
    await Promise.all(
      [open(300, 100), open(300, 100)].map(async (reader) => expectAnswer(await reader, 300)),
    );
    expect(performance.now() - started).toBeLessThan(6_000);
    clearInterval(sampling);
    expect(Math.max(...samples) - before).toBeLessThan((SLOW_READERS * BYTES_A_READER) / MIB);
    expect(await subscriberIds(redis.url)).toEqual(subscribers);

    const [patient, ...others] = slow;
    for (const response of others) response.hangUp();
    await eventually(stats, ({ open: now }) => now === 1, { within: 10_000 });
    patient?.resume();
    await expectAnswer(patient as OpenResponse, HUGE);
  });
});

describe('a gateway that cannot keep up', () => {
  it('is cut off by Redis, and its streams go on without a byte lost or repeated', async () => {
    const streams = await Promise.all(Array.from({ length: 16 }, () => open(20_000)));
    await eventually(() => streams.every((stream) => stream.received().length > 10_000));
    const subscribers = await subscriberIds(redis.url);
    shared.cluster.gateway().pause();
    await eventually(
      () => subscriberIds(redis.url),
      (now) => now.length < subscribers.length,
    );
    shared.cluster.gateway().resume();
    await Promise.all(streams.map((stream) => expectAnswer(stream, 20_000)));
  });
});
