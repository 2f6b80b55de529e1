import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { completionQueue, Names } from '#contracts';
import { RedisConnections } from '#redis';
import { encodeBatch } from '#streaming';
import { askChat, eventually, requestJson, SCRIPTS, streamChat } from '#testing';
import { engineOf } from './support/engines.js';
import { useCluster } from './support/use-cluster.js';

const shared = useCluster({ gateways: 1, workers: 1, engine: 'llama-server' });
const names = new Names();
const GARBAGE = [
  '',
  '{',
  'null',
  '5',
  '[]',
  '{}',
  '{"version":99}',
  '['.repeat(100_000),
  'x'.repeat(1_000_000),
];

let connections: RedisConnections;
let redis: ReturnType<RedisConnections['patient']>;
let url = '';
let model = '';
let modelId = '';

beforeAll(async () => {
  url = shared.cluster.gateway().url;
  ({ reference: model, id: modelId } = await shared.pulled('scripted'));
  connections = new RedisConnections({ url: shared.cluster.redis.url, name: 'hostile' });
  redis = connections.patient('commands');
  await connections.ready();
  await askAgain();
});
afterAll(() => connections.close());

/** What the cluster answers when all is well, from processes that were there before. */
async function askAgain(): Promise<string> {
  const { text } = await streamChat(url, { model, prompt: SCRIPTS.say.prompt });
  const { gateways, workers } = shared.cluster;
  return [gateways[0], workers[0]].every((process) => process?.alive) ? text : 'a process has ended';
}

describe('garbage in Redis', () => {
  it('on any channel is ignored', async () => {
    const replies = (await redis.pubsub('CHANNELS', names.replyChannel('*'))) as string[];
    expect(replies).toHaveLength(1);
    const channels = [
      ...replies,
      names.presenceChannel(),
      names.pullsChannel(),
      names.catalogueChannel(),
      names.workersChannel(),
      names.workerChannel(shared.cluster.worker().workerId),
    ];
    for (const channel of channels) for (const garbage of GARBAGE) await redis.publish(channel, garbage);
    expect(await askAgain()).toBe(SCRIPTS.say.text);
  });

  it('among the frames of an answer does not harm the answer', async () => {
    const [channel = ''] = (await redis.pubsub('CHANNELS', names.replyChannel('*'))) as string[];
    const answers = Array.from({ length: 8 }, () => streamChat(url, { model, prompt: SCRIPTS.say.prompt }));
    for (let stream = 1; stream < 40; stream++) {
      const forged = { stream, attempt: 1, sequence: 1, kind: 'fin', payload: Buffer.from('{') } as const;
      await redis.publish(channel, encodeBatch([forged]));
    }
    const texts = (await Promise.all(answers)).map(({ text }) => text);
    expect(new Set(texts)).toEqual(new Set([SCRIPTS.say.text]));
  });

  it('in the catalogue hides no model and keeps no worker from starting', async () => {
    const key = names.catalogueModelsKey();
    for (const [index, garbage] of GARBAGE.entries()) await redis.hset(key, `garbage-${index}`, garbage);
    try {
      const { status, json } = await requestJson({ url: `${url}/v1/models` });
      expect({ status, json }).toMatchObject({ status: 200, json: { data: [{ id: model }] } });
      expect((await askChat(url, { model: 'nobody/knows', prompt: 'Hello' })).status).toBe(404);
      const added = await shared.cluster.addWorker();
      await added.stop();
      expect(await askAgain()).toBe(SCRIPTS.say.text);
    } finally {
      await redis.hdel(key, ...GARBAGE.map((_, index) => `garbage-${index}`));
    }
  });

  it('in a waiting room is thrown away', async () => {
    const queue = completionQueue({ variant: 'cpu', modelId, mode: 'completion' });
    const key = names.queueKey(queue);
    await redis.zadd(`${key}:prioritized`, 1, 'nobody');
    await redis.zadd(`${key}:marker`, 0, '0');
    expect(await askAgain()).toBe(SCRIPTS.say.text);
    await eventually(
      () => redis.zscore(`${key}:prioritized`, 'nobody'),
      (score) => score === null,
    );
    await redis.del(`${key}:active`, `${key}:stalled`);
  });
});

describe('a hostile client', () => {
  it('does not bring the engine down with a body that is nested too deeply', async () => {
    const { pid } = engineOf(shared.cluster.worker());
    for (const field of ['tools', 'chat_template_kwargs', 'metadata']) {
      const nested = `${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}`;
      const body = `{"model":${JSON.stringify(model)},"messages":[],"${field}":${nested}}`;
      const { status, json } = await requestJson({ url: `${url}/v1/chat/completions`, body });
      expect({ status, json }).toMatchObject({ status: 400, json: { error: { code: 'invalid_request' } } });
    }
    expect(await askAgain()).toBe(SCRIPTS.say.text);
    expect(engineOf(shared.cluster.worker()).pid).toBe(pid);
  });

  it('does not bring the engine down with a grammar that is nested too deeply', async () => {
    const { pid } = engineOf(shared.cluster.worker());
    const grammar = `root ::= ${'('.repeat(30_000)}"a"${')'.repeat(30_000)}`;
    for (const stream of [false, true]) {
      const body = JSON.stringify({ model, messages: [{ role: 'user', content: 'Hi' }], stream, grammar });
      const { status, json } = await requestJson({ url: `${url}/v1/chat/completions`, body });
      expect(status).toBe(400);
      expect(json).toMatchObject({ error: { message: expect.stringContaining("'grammar' nests") } });
    }
    expect(await askAgain()).toBe(SCRIPTS.say.text);
    expect(engineOf(shared.cluster.worker()).pid).toBe(pid);
  });

  it('that hangs up at every moment leaves nothing behind', async () => {
    const body = JSON.stringify({
      model,
      messages: [{ role: 'user', content: SCRIPTS.count.prompt }],
      stream: true,
    });
    const request =
      'POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n' +
      `Content-Length: ${body.length}\r\n\r\n${body}`;
    const port = Number(new URL(url).port);
    const closed = Array.from({ length: 120 }, (_, index) => {
      const socket = connect(port, '127.0.0.1').on('error', () => undefined);
      socket.write(
        index % 3 === 0 ? request.slice(0, (request.length * index) / 120) : request.repeat(1 + (index % 2)),
      );
      const hangUp = [() => socket.destroy(), () => socket.resetAndDestroy(), () => socket.end()][index % 3];
      setTimeout(() => hangUp?.(), (index * 7) % 300);
      socket.resume();
      return new Promise((resolve) => socket.once('close', resolve));
    });
    await Promise.all(closed);
    const open = async (): Promise<string> => (await fetch(`${url}/metrics`)).text();
    await eventually(open, (text) => /^longshore_open_responses 0$/m.test(text), { within: 30_000 });
    expect(await askAgain()).toBe(SCRIPTS.say.text);
  });
});
