import { type INestApplicationContext, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Queue } from 'bullmq';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ENVELOPE_VERSION, Names, type PullJob, type PullOutcome, pullQueue } from '#contracts';
import { type RedisClient, RedisConnections } from '#redis';
import { type RedisFixture, startRedis } from '#testing';
import { bullLocation } from './bull-queue.js';
import { LoadHandler, PullHandler, StaticConsumersModule } from './index.js';
import { QueuePulls } from './pulls.js';

const REFERENCE = 'docker.io/ai/gated:latest';
const MODEL = `sha256:${'a'.repeat(64)}`;
const names = new Names('pull-again');
let server: RedisFixture;
let connections: RedisConnections;
let redis: RedisClient;
let app: INestApplicationContext;
let queue: Queue;
let pulls: QueuePulls;

/** Refuses who has no token. */
class GatedPulls extends PullHandler {
  override pull = async ({ bearerToken }: PullJob): Promise<PullOutcome> =>
    bearerToken === undefined
      ? { ok: false, failure: 'unauthorized', message: 'a token is needed' }
      : { ok: true, modelId: MODEL, message: 'pulled' };

  override ended = async ({ reference }: PullJob, outcome: PullOutcome): Promise<void> => {
    const event = { version: ENVELOPE_VERSION, reference, outcome };
    await redis.publish(names.pullsChannel(), JSON.stringify(event));
  };
}

class NoLoads extends LoadHandler {
  override load = (): Promise<void> => Promise.reject(new Error('not asked for'));
}

@Module({
  providers: [
    { provide: LoadHandler, useValue: new NoLoads() },
    { provide: PullHandler, useValue: new GatedPulls() },
  ],
  exports: [LoadHandler, PullHandler],
})
class Handlers {}

beforeAll(async () => {
  server = await startRedis();
  connections = new RedisConnections({ url: server.url, name: 'test' });
  redis = connections.patient('commands');
  const subscriber = connections.subscriber('news');
  await connections.ready();
  const consumers = StaticConsumersModule.forWorker({
    variant: 'cpu',
    names,
    redis,
    pulls: 1,
    loads: 1,
    onError: () => undefined,
    handlers: Handlers,
  });
  app = await NestFactory.createApplicationContext(consumers, { logger: false });
  const { name, prefix } = bullLocation(pullQueue('cpu'), names);
  queue = new Queue(name, { connection: redis, prefix });
  const tellToCancel = async (): Promise<void> => undefined;
  pulls = new QueuePulls({
    chooseQueue: () => queue,
    queues: [queue],
    redis,
    tellToCancel,
    names,
    subscriber,
  });
  await pulls.start();
});
afterAll(async () => {
  await app.close();
  await queue.close();
  connections.close();
  await server.stop();
});

/** Whether a pull succeeded, as its caller hears it. */
async function outcomeOf(bearerToken?: string): Promise<boolean | undefined> {
  const job = { version: ENVELOPE_VERSION, reference: REFERENCE, ...(bearerToken && { bearerToken }) };
  for await (const { outcome } of pulls.follow(job, new AbortController().signal))
    if (outcome !== undefined) return outcome.ok;
  return undefined;
}

it('is begun anew by who asks again the moment its failure is told', async () => {
  const heard: (boolean | undefined)[] = [];
  for (let round = 0; round < 20; round++) heard.push(await outcomeOf(), await outcomeOf('token'));
  expect(heard).toEqual(Array.from({ length: 40 }, (_, index) => index % 2 === 1));
});
