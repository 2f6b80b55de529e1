import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Frame, Names, type RequestIdParts } from '#contracts';
import { RedisConnections, type RedisClient } from '#redis';
import { eventually, startRedis, type RedisFixture } from '#testing';
import { decodeBatch, FramePublisher, type FrameWriter, RequestLog, type WriterOptions } from '../index.js';

const GATEWAY = 'gw-log';
const names = new Names('log-test');
const HEAD = { status: 200, headers: {}, workerId: 'w1' };
const RETENTION = 20_000;

describe('the log of a response', () => {
  let server: RedisFixture;
  let connections: RedisConnections;
  let admin: RedisClient;
  let publisher: FramePublisher;
  let log: RequestLog;
  let heard: Frame[];
  let stream = 0;

  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server.stop());

  beforeEach(async () => {
    heard = [];
    connections = new RedisConnections({ url: server.url, name: 'test' });
    admin = connections.patient('admin');
    publisher = new FramePublisher({ redis: connections.patient('frames'), names });
    log = new RequestLog(admin, names);
    const listener = connections.subscriber('listener');
    listener.on('messageBuffer', (_: Buffer, message: Buffer) => heard.push(...decodeBatch(message)));
    await connections.ready();
    await admin.flushall();
    await listener.subscribe(names.replyChannel(GATEWAY));
    stream++;
  });
  afterEach(() => {
    publisher.close();
    connections.close();
  });

  const parts = (): RequestIdParts => ({ gatewayId: GATEWAY, stream });

  const open = (attempt = 1, options: WriterOptions = {}): FrameWriter =>
    publisher.open(
      { ...parts(), requestId: `${GATEWAY}.${stream}`, attempt },
      { log: { limit: 1024 * 1024, retention: RETENTION, deadline: Date.now() + 60_000 }, ...options },
    );

  const say = async (writer: FrameWriter, ...texts: string[]): Promise<void> => {
    for (const text of texts) {
      writer.body(Buffer.from(text));
      await publisher.drain();
    }
  };

  const timeToLive = (): Promise<number> => admin.pttl(names.logKey(GATEWAY, stream));

  it('holds what was published', async () => {
    const writer = open();
    writer.head(HEAD);
    await say(writer, 'a', 'b', 'c');
    expect(await timeToLive()).toBeGreaterThan(60_000);
    expect(await timeToLive()).toBeLessThanOrEqual(60_000 + RETENTION);
    writer.fin({ outcome: 'completed' });
    await writer.taken;
    const logged = await log.read(parts());
    await eventually(
      () => heard.length,
      (count) => count === 5,
    );
    expect(logged?.frames).toEqual(heard);
    expect(logged).toMatchObject({ body: Buffer.from('abc'), head: HEAD, fin: { outcome: 'completed' } });
    expect(await timeToLive()).toBeLessThanOrEqual(RETENTION);
    expect(await log.read({ gatewayId: GATEWAY, stream: 999_999 })).toBeUndefined();
  });

  it('is found without being read', async () => {
    expect(await log.has(parts())).toBe(false);
    await say(open(), 'one');
    expect(await log.has(parts())).toBe(true);
    expect(await log.has({ ...parts(), stream: stream + 1 })).toBe(false);
  });

  it('is written by the command that publishes, one a turn of the event loop for all responses', async () => {
    await say(open(), 'the script is known');
    await admin.config('RESETSTAT');
    const writers = Array.from({ length: 8 }, () => {
      stream++;
      return open();
    });
    for (const writer of writers) {
      writer.head(HEAD);
      for (let index = 0; index < 10; index++) writer.body(Buffer.from('x'));
      writer.fin({ outcome: 'completed' });
    }
    await Promise.all(writers.map(({ taken }) => taken));
    const stats = await admin.info('commandstats');
    const calls = (command: string) => new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(stats)?.[1];
    expect([calls('evalsha'), calls('eval'), calls('publish')]).toEqual(['1', undefined, '1']);
    expect(calls('append')).toBe('8');
    expect(calls('pexpire')).toBe('8');
    expect(await timeToLive()).toBeGreaterThan(0);
    expect(await timeToLive()).toBeLessThanOrEqual(RETENTION);
    expect(await log.read(parts())).toMatchObject({ body: Buffer.from('x'.repeat(10)), next: 12 });
  });

  it('is not written for a response without one, which is published plainly', async () => {
    await admin.config('RESETSTAT');
    const writer = publisher.open({ ...parts(), requestId: 'plain', attempt: 1 });
    await say(writer, 'a');
    expect(await log.read(parts())).toBeUndefined();
    expect(await admin.info('commandstats')).not.toContain('cmdstat_eval');
  });

  it('never lives for ever, also when its first frames are lost', async () => {
    const writer = open();
    writer.head(HEAD);
    await publisher.drain();
    await admin.del(names.logKey(GATEWAY, stream));
    await say(writer, 'late');
    expect(await log.read(parts())).toMatchObject({ next: 0, truncated: true });
    expect(await timeToLive()).toBeGreaterThan(0);
  });

  it('never lives for ever, also when it is lost and an earlier attempt ends in the same turn', async () => {
    const earlier = open(1);
    earlier.head(HEAD);
    await publisher.drain();
    const claimed = await log.claim({ ...parts(), attempt: 2 });
    const later = open(2, { continueFrom: { next: claimed?.next ?? 0, bytes: 0 } });
    later.handover('w2');
    await publisher.drain();
    await admin.del(names.logKey(GATEWAY, stream));
    later.body(Buffer.from('late'));
    earlier.fin({ outcome: 'completed' });
    await publisher.drain();
    expect(earlier.fenced).toBe(true);
    expect(await timeToLive()).toBeGreaterThan(0);
  });

  it('ends at its limit, while the answer goes on', async () => {
    const piece = 'x'.repeat(100);
    const writer = open(1, { log: { limit: 1000, retention: RETENTION, deadline: Date.now() + 1_000 } });
    writer.head(HEAD);
    await say(writer, ...Array.from({ length: 20 }, () => piece));
    expect(await log.read(parts())).toMatchObject({ truncated: true });
    writer.fin({ outcome: 'completed' });
    await writer.taken;
    const logged = await log.read(parts());
    expect(logged?.truncated).toBe(true);
    expect(logged?.fin).toBeUndefined();
    expect(logged?.body.toString()).toBe(piece.repeat(8));
    expect(logged?.bytes).toBeLessThan(1_200);
    await eventually(
      () => heard.length,
      (count) => count === 22,
    );
    expect(heard.map(({ sequence }) => sequence)).toEqual(Array.from({ length: 22 }, (_, index) => index));
    expect(heard.at(-1)?.kind).toBe('fin');
  });

  it('goes on when Redis forgets the script', async () => {
    const writer = open();
    writer.head(HEAD);
    await say(writer, 'a');
    await admin.script('FLUSH');
    await say(writer, 'b', 'c');
    expect((await log.read(parts()))?.body.toString()).toBe('abc');
  });

  it('hands the answer to a later attempt, whose frames go on with it', async () => {
    const first = open();
    first.head(HEAD);
    await say(first, 'a', 'b');
    const claimed = await log.claim({ ...parts(), attempt: 2 });
    expect(claimed).toMatchObject({ attempt: 1, next: 3, truncated: false, body: Buffer.from('ab') });
    const second = open(2, claimed ? { continueFrom: claimed } : {});
    second.handover('w2');
    await say(second, 'c');
    second.fin({ outcome: 'completed' });
    await second.taken;
    const whole = await log.read(parts());
    expect(whole).toMatchObject({ attempt: 2, body: Buffer.from('abc'), fin: { outcome: 'completed' } });
    expect(whole?.frames.map(({ sequence }) => sequence)).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('can be claimed when it is empty, and again by the same attempt, but not by an earlier one', async () => {
    const claim = (attempt: number) => log.claim({ ...parts(), attempt });
    expect(await claim(3)).toMatchObject({ attempt: 0, frames: [], next: 0, bytes: 0 });
    expect(await claim(3)).toMatchObject({ next: 0 });
    expect(await claim(2)).toBeUndefined();
    expect(await claim(4)).toMatchObject({ next: 0 });
  });

  it('neither logs nor publishes what a zombie writes, and tells it once', async () => {
    let told = 0;
    const zombie = open(1, { onFenced: () => told++ });
    zombie.head(HEAD);
    await say(zombie, 'a');
    await log.claim({ ...parts(), attempt: 2 });
    const before = await log.read(parts());
    zombie.body(Buffer.from('ZOMBIE'));
    zombie.body(Buffer.from('ZOMBIE'));
    const claimed = parts();
    stream++;
    const bystander = open();
    bystander.head(HEAD);
    await say(bystander, 'innocent');
    expect(told).toBe(1);
    expect(zombie.fenced).toBe(true);
    await Promise.all([zombie.taken, zombie.ended]);
    zombie.fin({ outcome: 'completed' });
    await publisher.drain();
    expect(await log.read(claimed)).toEqual(before);
    expect((await log.read(parts()))?.body.toString()).toBe('innocent');
    await eventually(
      () => heard.length,
      (count) => count === 4,
    );
    expect(heard.map(({ payload }) => payload.toString())).not.toContain('ZOMBIE');
    expect(publisher.replay(`${GATEWAY}.${claimed.stream}`, 1, 0)).toBe(false);
  });

  it('fences a zombie whose frames are beyond the limit, or replayed', async () => {
    const zombie = open(1, { log: { limit: 1, retention: RETENTION, deadline: Date.now() + 1_000 } });
    zombie.head(HEAD);
    await say(zombie, 'a');
    await log.claim({ ...parts(), attempt: 2 });
    heard.length = 0;
    expect(publisher.replay(`${GATEWAY}.${stream}`, 1, 0)).toBe(true);
    await publisher.drain();
    expect(zombie.fenced).toBe(true);
    expect(heard).toEqual([]);
  });

  it('looks at all fences now and then only, not for each response of a worker that dies with thousands', async () => {
    const gatewayId = 'gw-many';
    const seed = admin.pipeline();
    for (let n = 0; n < 1_200; n++) seed.set(names.logKey(gatewayId, n), 'x');
    await seed.exec();
    const looks = async (): Promise<number> =>
      Number(/cmdstat_exists:calls=(\d+)/.exec(await admin.info('commandstats'))?.[1] ?? 0);
    const before = await looks();
    await Promise.all(
      Array.from({ length: 1_200 }, (_, n) => admin.hset(`${names.responsesKey(gatewayId)}:fences`, n, 2)),
    );
    for (let n = 0; n < 50; n++) await log.claim({ gatewayId, stream: 10_000 + n, attempt: 2 });
    expect((await looks()) - before).toBeLessThan(3_000);
  });

  it('keeps the fences of open responses when there are a thousand of others', async () => {
    const zombie = open();
    zombie.head(HEAD);
    await publisher.drain();
    await log.claim({ ...parts(), attempt: 2 });
    const fences = `${names.responsesKey(GATEWAY)}:fences`;
    await admin.hset(
      fences,
      Object.fromEntries(Array.from({ length: 1_500 }, (_, n) => [`${n + 5_000}`, '2'])),
    );
    await log.claim({ gatewayId: GATEWAY, stream: 9_999, attempt: 2 });
    expect(await admin.hkeys(fences)).toEqual(expect.arrayContaining([`${stream}`, '9999']));
    // And when to look again.
    expect(await admin.hlen(fences)).toBe(3);
    expect(await admin.pttl(fences)).toBeGreaterThan(0);
  });

  it('replays what is logged without logging it twice', async () => {
    const writer = open();
    writer.head(HEAD);
    await say(writer, 'a', 'b');
    const before = await log.read(parts());
    expect(publisher.replay(`${GATEWAY}.${stream}`, 1, 0)).toBe(true);
    await publisher.drain();
    expect(await log.read(parts())).toEqual(before);
    await eventually(
      () => heard.length,
      (count) => count === 6,
    );
  });
});
