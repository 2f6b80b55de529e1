import { describe, expect, it } from 'vitest';
import {
  type CuttingProxy,
  eventually,
  openChat,
  openRequest,
  type OpenResponse,
  parseSse,
  assembleChat,
  type RedisClusterFixture,
  type RedisFixture,
  type RedisSentinelFixture,
  requestJson,
  startCuttingProxy,
  startRedis,
  startRedisCluster,
  startRedisSentinel,
  streamChat,
  type SyntheticStats,
  syntheticText,
} from '#testing';
import { enginesOf } from './support/engines.js';
import { type SharedCluster, useCluster } from './support/use-cluster.js';

/** Tokens of a stream that outlives what happens to Redis, and how many come a second. */
const LONG = 600;
const RATE = 60;

/** A request that Redis keeps from being taken says so within this; ms. */
const SAID_WITHIN_MS = 10_000;

async function openLong(shared: SharedCluster, model: string, gateway = 0): Promise<OpenResponse> {
  const parameters = { max_tokens: LONG, synthetic: { rate: RATE } };
  // The head of a stream that was told how long it waits goes out before anybody knows who will answer.
  const headers = { 'x-queue-notices': 'off' };
  const request = { model, prompt: 'Hi', parameters, headers };
  const stream = await openChat(shared.cluster.gateway(gateway).url, request);
  await eventually(() => stream.received().includes('t20'));
  return stream;
}

async function textOf(stream: OpenResponse): Promise<string> {
  return assembleChat(parseSse(await stream.whole())).text;
}

function itDoesTheMainJob(shared: SharedCluster): void {
  it('pulls a model, streams chats through every gateway and embeds', async () => {
    const { reference: model } = await shared.pulled('scripted');
    for (const { url } of shared.cluster.gateways) {
      const chat = await streamChat(url, { model, prompt: 'Hi', parameters: { max_tokens: 50 } });
      expect(chat.text).toBe(syntheticText(50));
    }
    const { reference: embedding } = await shared.pulled('embedding');
    const body = { model: embedding, input: ['one', 'two'] };
    const url = `${shared.cluster.gateway(1).url}/v1/embeddings`;
    const { status, json } = await requestJson({ url, body });
    expect(status).toBe(200);
    expect((json as { data: unknown[] }).data).toHaveLength(2);
  });

  it('serves many streams at once, over two workers', async () => {
    const { reference: model } = await shared.pulled('scripted');
    const parameters = { max_tokens: 100, synthetic: { rate: 200 } };
    const chats = Array.from({ length: 16 }, (_, index) =>
      streamChat(shared.cluster.gateway(index % 2).url, { model, prompt: 'Hi', parameters }),
    );
    for (const { text } of await Promise.all(chats)) expect(text).toBe(syntheticText(100));
  });

  it('stops the engine when a client hangs up', async () => {
    const { reference: model } = await shared.pulled('scripted');
    const stream = await openLong(shared, model, 1);
    const worker = shared.cluster.workers.find(
      ({ workerId }) => workerId === stream.headers['x-longshore-worker'],
    );
    if (worker === undefined) throw new Error('No worker has answered.');
    stream.hangUp();
    const stats = () =>
      Promise.all(
        enginesOf(worker).map(async ({ socketPath }) => {
          return (await requestJson({ url: '/synthetic/stats', socketPath })).json as SyntheticStats;
        }),
      );
    const idle = (all: readonly SyntheticStats[]): boolean => all.every(({ open }) => open === 0);
    // Its answer would last for longer than it takes to look even once.
    const seen = await eventually(stats, idle);
    expect(seen.some(({ aborted }) => aborted > 0)).toBe(true);
  });
}

describe('on a Redis Cluster', () => {
  let redis: RedisClusterFixture;
  const shared = useCluster(async () => {
    redis = await startRedisCluster();
    return { gateways: 2, workers: 2, engine: 'synthetic', redis };
  });
  itDoesTheMainJob(shared);

  it('a stream is whole though each node was gone for a while', async () => {
    const { reference: model } = await shared.pulled('scripted');
    const streams = await Promise.all([openLong(shared, model, 0), openLong(shared, model, 1)]);
    for (const node of redis.nodes) {
      await node.kill();
      await node.restart();
    }
    for (const stream of streams) expect(await textOf(stream)).toBe(syntheticText(LONG));
  });
});

describe('on a Redis behind sentinels', () => {
  let redis: RedisSentinelFixture;
  const shared = useCluster(async () => {
    redis = await startRedisSentinel();
    return { gateways: 2, workers: 2, engine: 'synthetic', redis };
  });
  itDoesTheMainJob(shared);

  it('a stream is whole though the primary died and the replica took over', async () => {
    const { reference: model } = await shared.pulled('scripted');
    const streams = await Promise.all([openLong(shared, model, 0), openLong(shared, model, 1)]);
    await redis.failOver();
    for (const stream of streams) expect(await textOf(stream)).toBe(syntheticText(LONG));
    const parameters = { max_tokens: 20 };
    const chat = await streamChat(shared.cluster.gateway().url, { model, prompt: 'Hi', parameters });
    expect(chat.text).toBe(syntheticText(20));
  });
});

describe('a Redis that falls silent without closing its connections', () => {
  let proxy: CuttingProxy;
  const shared = useCluster(async () => {
    const server = await startRedis({ appendOnly: true });
    proxy = await startCuttingProxy({ port: server.port });
    return { gateways: 1, workers: 1, engine: 'synthetic', redis: behind(proxy, server) };
  });

  it('makes requests fail soon, and streams go on when it speaks again', async () => {
    const { reference: model } = await shared.pulled('scripted');
    const { url } = shared.cluster.gateway();
    const stream = await openLong(shared, model);
    const body = { model, messages: [{ role: 'user', content: 'Hi' }] };
    await proxy.freeze();
    try {
      for (let request = 0; request < 4; request++) {
        const begun = performance.now();
        const refused = await requestJson({ url: `${url}/v1/chat/completions`, body });
        expect(performance.now() - begun).toBeLessThan(SAID_WITHIN_MS);
        expect(refused.status).toBe(503);
        expect(refused.json).toMatchObject({ error: { code: 'redis_unavailable' } });
      }
    } finally {
      await proxy.heal();
    }
    expect(await textOf(stream)).toBe(syntheticText(LONG));
    const response = await openRequest({
      url: `${url}/v1/chat/completions`,
      body: { ...body, max_tokens: 5 },
    });
    expect(response.status).toBe(200);
    await response.whole();
  });
});

/** A Redis as those see it who reach it through a proxy. */
function behind(proxy: CuttingProxy, server: RedisFixture): RedisFixture {
  return {
    url: proxy.url,
    port: proxy.port,
    get pid() {
      return server.pid;
    },
    kill: () => server.kill(),
    restart: () => server.restart(),
    async stop() {
      await proxy.stop();
      await server.stop();
    },
  };
}
