import { beforeAll, describe, expect, it } from 'vitest';
import {
  assembleChat,
  eventually,
  openChat,
  openRequest,
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

const SLOW_READERS = 24;
const SLOTS = 32;
/** Much more than sockets on the way can hold; bytes of a stream are about 170 a token. */
const HUGE = 100_000;
/** A fraction of the answers of all slow readers together, which are 400 MiB. */
const MEMORY_BOUND_MIB = 200;
/** For each slow reader: what is unread when its worker is asked to wait, and what was on its way then. */
const MIB_A_READER = 3;
const MIB = 1024 * 1024;

let redis: RedisFixture;
const shared = useCluster(async () => {
  redis = await startRedis({ arguments: ['--client-output-buffer-limit', 'pubsub 4mb 0 0'] });
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

/** What the buffers of the gateway hold, in MiB. */
async function buffered(): Promise<number> {
  const metrics = (await (await openRequest({ url: `${url}/metrics` })).whole()).toString();
  return Number(/^nodejs_external_memory_bytes (\S+)$/m.exec(metrics)?.[1]) / MIB;
}

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
    const bufferedBefore = await buffered();
    const subscribers = await subscriberIds(redis.url);
    const slow = await Promise.all(
      Array.from({ length: SLOW_READERS }, async () => {
        const response = await open(HUGE);
        response.pause();
        return response;
      }),
    );
    await settled();
    const started = performance.now();
    await Promise.all(
      [open(300, 100), open(300, 100)].map(async (reader) => expectAnswer(await reader, 300)),
    );
    expect(performance.now() - started).toBeLessThan(60_000);
    expect(memory() - before).toBeLessThan(MEMORY_BOUND_MIB);
    const bound = bufferedBefore + SLOW_READERS * MIB_A_READER;
    await eventually(buffered, (now) => now < bound, {
      within: 20_000,
      every: 500,
      what: `less than ${bound} MiB`,
    });
    expect(await subscriberIds(redis.url)).toEqual(subscribers);

    const [patient, ...others] = slow;
    for (const response of others) response.hangUp();
    await eventually(stats, ({ open: now }) => now === 1, { within: 30_000 });
    patient?.resume();
    await expectAnswer(patient as OpenResponse, HUGE);
  });
});

describe('a gateway that cannot keep up', () => {
  it('is cut off by Redis, and its streams go on without a byte lost or repeated', async () => {
    const streams = await Promise.all(Array.from({ length: 8 }, () => open(20_000, 5_000)));
    await eventually(() => streams.every((stream) => stream.received().length > 10_000));
    const subscribers = await subscriberIds(redis.url);
    shared.cluster.gateway().pause();
    const left = await eventually(
      () => subscriberIds(redis.url),
      (now) => now.length < subscribers.length,
    );
    expect(subscribers).toEqual(expect.arrayContaining([...left]));
    shared.cluster.gateway().resume();
    await Promise.all(streams.map((stream) => expectAnswer(stream, 20_000)));
  });
});
