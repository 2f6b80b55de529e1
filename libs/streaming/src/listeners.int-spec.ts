import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Names, type RequestIdParts } from '#contracts';
import { RedisConnections, type RedisClient } from '#redis';
import { eventually, startRedis, type RedisFixture } from '#testing';
import {
  FramePublisher,
  FrameSubscriber,
  type FrameWriter,
  RequestLog,
  type ResponseRequests,
  type ResponseStream,
  type WriterOptions,
} from './index.js';

const names = new Names('listeners-test');
const HEAD = { status: 200, headers: {}, workerId: 'w1' };

/** Two gateways and a worker; nothing is ever replayed, so what is missing can only come from the log. */
const NO_REQUESTS: ResponseRequests = {
  replay: () => undefined,
  pause: () => undefined,
  resume: () => undefined,
};

describe('responses and who listens to them', () => {
  let server: RedisFixture;
  let connections: RedisConnections;
  let admin: RedisClient;
  let publisher: FramePublisher;
  let log: RequestLog;
  let lost: string[];
  let orphans: number[];

  beforeAll(async () => {
    server = await startRedis({ appendOnly: true });
  });
  afterAll(() => server.stop());

  beforeEach(async () => {
    lost = [];
    orphans = [];
    connections = new RedisConnections({ url: server.url, name: 'test' });
    admin = connections.patient('admin');
    publisher = new FramePublisher({
      redis: connections.patient('frames'),
      names,
      gatewayGrace: 300,
      onGatewayLost: (requestIds) => lost.push(...requestIds),
    });
    log = new RequestLog(admin, names);
    await connections.ready();
    await admin.flushall();
  });
  afterEach(() => {
    publisher.close();
    connections.close();
  });

  const startGateway = async (gatewayId: string): Promise<FrameSubscriber> => {
    const subscriber = new FrameSubscriber({
      redis: connections.subscriber(gatewayId),
      names,
      gatewayId,
      onOrphan: (stream) => orphans.push(stream),
    });
    await subscriber.start();
    return subscriber;
  };

  const open = (parts: RequestIdParts, options: WriterOptions = {}): FrameWriter =>
    publisher.open({ ...parts, requestId: `${parts.gatewayId}.${parts.stream}`, attempt: 1 }, options);

  const logged = (resumeWindow = 0): WriterOptions => ({
    log: { limit: 1024 * 1024, retention: 60_000, deadline: Date.now() + 60_000 },
    resumeWindow,
  });

  const say = async (writer: FrameWriter, ...texts: string[]): Promise<void> => {
    for (const text of texts) {
      writer.body(Buffer.from(text));
      await publisher.drain();
    }
  };

  const read = async (response: ResponseStream): Promise<string> => {
    let text = '';
    for await (const bytes of response.body()) text += bytes.toString();
    return text;
  };

  const fill = async (response: ResponseStream, parts: RequestIdParts): Promise<void> => {
    const found = await log.read(parts);
    if (found !== undefined) response.fill(found, Date.now());
  };

  it('can be followed from another gateway while its own receives it, from the start', async () => {
    const [own, other] = [await startGateway('gw1'), await startGateway('gw2')];
    const parts = { gatewayId: 'gw1', stream: own.allocate() };
    const response = own.register(parts.stream, NO_REQUESTS);
    const writer = open(parts, logged());
    writer.head(HEAD);
    await say(writer, 'a', 'b');
    const followed = await other.follow(parts, NO_REQUESTS);
    await say(writer, 'c');
    await fill(followed, parts);
    await say(writer, 'd');
    writer.fin({ outcome: 'completed' });
    expect(await Promise.all([read(response), read(followed)])).toEqual(['abcd', 'abcd']);
    expect(orphans).toEqual([]);
  });

  it('can be followed several times at once, also on the gateway that receives it', async () => {
    const own = await startGateway('gw1');
    const parts = { gatewayId: 'gw1', stream: own.allocate() };
    const responses = [
      own.register(parts.stream, NO_REQUESTS),
      await own.follow(parts, NO_REQUESTS),
      await own.follow(parts, NO_REQUESTS),
    ];
    const writer = open(parts, logged());
    writer.head(HEAD);
    await say(writer, 'a');
    own.close(parts.stream);
    own.unfollow(parts, responses[1]);
    await say(writer, 'b');
    writer.fin({ outcome: 'completed' });
    expect(await read(responses[2] as ResponseStream)).toBe('ab');
    expect(responses.map((response) => response.finished)).toEqual([false, false, true]);
    expect(orphans).toEqual([]);
  });

  it('stops listening to another gateway with the last response that is followed there', async () => {
    const gateway = await startGateway('gw2');
    const listeners = async () => Number((await admin.pubsub('NUMSUB', names.replyChannel('gw1')))[1]);
    const first = { gatewayId: 'gw1', stream: 1 };
    const second = { gatewayId: 'gw1', stream: 2 };
    await Promise.all([gateway.follow(first, NO_REQUESTS), gateway.follow(second, NO_REQUESTS)]);
    expect(await listeners()).toBe(1);
    gateway.unfollow(first);
    gateway.unfollow(first);
    expect(await listeners()).toBe(1);
    gateway.unfollow(second);
    const again = gateway.follow(first, NO_REQUESTS);
    gateway.unfollow(first);
    await again;
    await eventually(listeners, (count) => count === 0);
  });

  it('asks for what was missed of a followed response when its connection was cut', async () => {
    const gateway = await startGateway('gw2');
    let asked = 0;
    await gateway.follow({ gatewayId: 'gw1', stream: 1 }, { ...NO_REQUESTS, replay: () => asked++ });
    await admin.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
    await eventually(
      () => asked,
      (count) => count === 1,
    );
    expect(Number((await admin.pubsub('NUMSUB', names.replyChannel('gw1')))[1])).toBe(1);
  });

  it('go on into the log while nobody listens, for the resume window', async () => {
    const parts = { gatewayId: 'gw-away', stream: 1 };
    const writer = open(parts, logged(60_000));
    writer.head(HEAD);
    await say(writer, 'a', 'b');
    const hasty = open({ gatewayId: 'gw-away', stream: 2 }, logged(1_000));
    await say(hasty, 'x');
    const unlogged = open({ gatewayId: 'gw-away', stream: 3 });
    await say(unlogged, 'x');
    expect([writer.unheard, hasty.unheard, unlogged.unheard]).toEqual([false, false, true]);
    await eventually(
      () => lost,
      (ids) => ids.length >= 2,
    );
    expect(lost.toSorted()).toEqual(['gw-away.2', 'gw-away.3']);
    await say(writer, 'c');
    expect((await log.read(parts))?.body.toString()).toBe('abc');
    expect(lost).toHaveLength(2);
  });

  it('stops when nobody listens and the log has reached its limit', async () => {
    const writer = open(
      { gatewayId: 'gw-away', stream: 1 },
      { ...logged(60_000), log: { limit: 100, retention: 60_000, deadline: Date.now() + 60_000 } },
    );
    await say(writer, 'short');
    expect(writer.unheard).toBe(false);
    await say(writer, 'x'.repeat(200));
    expect(writer.unheard).toBe(true);
  });

  it('are heard in whole by a gateway that comes back', async () => {
    const parts = { gatewayId: 'gw-late', stream: 1 };
    const writer = open(parts, logged(60_000));
    writer.head(HEAD);
    await say(writer, 'a', 'b');
    writer.fin({ outcome: 'completed' });
    await writer.taken;
    const gateway = await startGateway('gw-late');
    expect(await read(gateway.register(parts.stream, NO_REQUESTS))).toBe('ab');
    expect((await log.read(parts))?.frames).toHaveLength(4);
  });

  it('are not given up for the time that Redis is away', async () => {
    const patient = new FramePublisher({
      redis: connections.patient('patient'),
      names,
      gatewayGrace: 3_000,
      onGatewayLost: (requestIds) => lost.push(...requestIds),
    });
    const writer = patient.open({ gatewayId: 'gw-away', stream: 1, requestId: 'r', attempt: 1 });
    writer.body(Buffer.from('a'));
    await eventually(
      () => writer.unheard,
      (unheard) => unheard,
    );
    await server.kill();
    await new Promise((resolve) => setTimeout(resolve, 4_000));
    await server.restart();
    await startGateway('gw-away');
    await eventually(
      () => writer.unheard,
      (unheard) => !unheard,
    );
    expect(lost).toEqual([]);
    patient.close();
  });
});
