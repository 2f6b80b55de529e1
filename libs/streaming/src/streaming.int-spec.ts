import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Names } from '#contracts';
import { RedisConnections, type RedisClient } from '#redis';
import { eventually, startRedis, type RedisFixture } from '#testing';
import { FramePublisher, FrameSubscriber, type FrameWriter, type ResponseStream } from './index.js';

const GATEWAY = 'gw-test';
const names = new Names('streaming-test');

/** A worker and a gateway on one real Redis, with replay requests handed over directly. */
describe('frames over Redis', () => {
  let server: RedisFixture;
  let connections: RedisConnections;
  let admin: RedisClient;
  let publisher: FramePublisher;
  let subscriber: FrameSubscriber;
  let lostRequests: readonly string[];

  beforeAll(async () => {
    server = await startRedis({ appendOnly: true });
  });
  afterAll(() => server.stop());

  beforeEach(async () => {
    lostRequests = [];
    connections = new RedisConnections({ url: server.url, name: 'test' });
    admin = connections.patient('admin');
    publisher = new FramePublisher({
      redis: connections.patient('frames'),
      names,
      gatewayGrace: 500,
      onGatewayLost: (requestIds) => (lostRequests = requestIds),
    });
    subscriber = new FrameSubscriber({ redis: connections.subscriber('replies'), names, gatewayId: GATEWAY });
    await connections.ready();
    await subscriber.start();
  });
  afterEach(() => {
    publisher.close();
    connections.close();
  });

  const open = (): { writer: FrameWriter; response: ResponseStream; stream: number } => {
    const stream = subscriber.allocate();
    const requestId = `r${stream}`;
    const response = subscriber.register(stream, {
      replay: (attempt, sequence) => void publisher.replay(requestId, attempt, sequence),
      pause: () => undefined,
      resume: () => undefined,
    });
    const writer = publisher.open({ requestId, gatewayId: GATEWAY, stream, attempt: 1 });
    return { writer, response, stream };
  };

  const read = async (response: ResponseStream): Promise<string> => {
    let text = '';
    for await (const bytes of response.body()) text += bytes.toString();
    return text;
  };

  /** Writes `count` numbered pieces, a few each turn of the event loop, calling `disturb` on the way. */
  const write = async (
    writer: FrameWriter,
    count: number,
    disturb?: (index: number) => unknown,
  ): Promise<string> => {
    writer.head({ status: 200, headers: {}, workerId: 'w1' });
    let text = '';
    for (let index = 0; index < count; index++) {
      const piece = `${index},`;
      text += piece;
      writer.body(Buffer.from(piece));
      await disturb?.(index);
      if (index % 5 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    writer.fin({ outcome: 'completed' });
    return text;
  };

  it('delivers many responses at once, each whole and in order', async () => {
    const responses = Array.from({ length: 20 }, open);
    const reads = responses.map(({ response }) => read(response));
    const texts = await Promise.all(responses.map(({ writer }) => write(writer, 500)));
    expect(await Promise.all(reads)).toEqual(texts);
  });

  it('sends all frames of one turn of the event loop in one PUBLISH', async () => {
    await admin.config('RESETSTAT');
    const responses = Array.from({ length: 16 }, open);
    const reads = responses.map(({ response }) => read(response));
    for (const { writer } of responses) {
      writer.head({ status: 200, headers: {}, workerId: 'w1' });
      for (let index = 0; index < 50; index++) writer.body(Buffer.from('x'));
      writer.fin({ outcome: 'completed' });
    }
    expect(await Promise.all(reads)).toEqual(responses.map(() => 'x'.repeat(50)));
    const stats = await admin.info('commandstats');
    expect(/cmdstat_publish:calls=(\d+)/.exec(stats)?.[1]).toBe('1');
  });

  it('loses nothing when the gateway’s connection is cut again and again', async () => {
    const { writer, response } = open();
    const reading = read(response);
    let cuts = 0;
    const text = await write(writer, 3_000, async (index) => {
      if (index % 600 !== 300) return;
      await eventually(async () => String(await admin.call('CLIENT', 'LIST', 'TYPE', 'pubsub')) !== '');
      cuts += Number(await admin.call('CLIENT', 'KILL', 'TYPE', 'pubsub'));
    });
    expect(await reading).toBe(text);
    expect(cuts).toBeGreaterThanOrEqual(3);
  });

  it('loses nothing when the last frames are sent while nobody listens', async () => {
    const { writer, response } = open();
    const reading = read(response);
    const text = await write(writer, 50, async (index) => {
      if (index === 40) await admin.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
    });
    expect(await reading).toBe(text);
  });

  it('loses nothing when Redis is killed and started again', async () => {
    const { writer, response } = open();
    const reading = read(response);
    const text = await write(writer, 1_000, async (index) => {
      if (index !== 500) return;
      await server.kill();
      await server.restart();
    });
    expect(await reading).toBe(text);
  });

  it('says when a gateway has been gone for too long', async () => {
    const { writer } = open();
    const orphan = publisher.open({ requestId: 'orphan', gatewayId: 'gw-gone', stream: 9, attempt: 1 });
    orphan.head({ status: 200, headers: {}, workerId: 'w1' });
    writer.fin({ outcome: 'cancelled' });
    await eventually(
      () => lostRequests,
      (lost) => lost.includes('orphan'),
    );
    expect(lostRequests).toEqual(['orphan']);
  });

  it('tells of frames for responses that nobody has open', async () => {
    const orphans: number[] = [];
    const other = new FrameSubscriber({
      redis: connections.subscriber('other'),
      names,
      gatewayId: 'gw-other',
      onOrphan: (stream) => orphans.push(stream),
    });
    await other.start();
    publisher
      .open({ requestId: 'x', gatewayId: 'gw-other', stream: 42, attempt: 1 })
      .body(Buffer.from('late'));
    await eventually(
      () => orphans.length,
      (count) => count > 0,
    );
    expect(orphans).toEqual([42]);
  });
});
