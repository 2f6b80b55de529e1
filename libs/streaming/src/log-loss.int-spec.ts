import { readdir, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { Names } from '#contracts';
import { RedisConnections, type RedisClient } from '#redis';
import { eventually, startRedis, type RedisFixture } from '#testing';
import {
  FramePublisher,
  type FrameWriter,
  type LoggedResponse,
  RequestLog,
  type WriterOptions,
} from './index.js';

const GATEWAY = 'gw-loss';
const ADDRESS = { gatewayId: GATEWAY, stream: 1 };
const names = new Names('loss-test');
const HEAD = { status: 200, headers: {}, workerId: 'w1' };

interface Bench {
  readonly server: RedisFixture;
  readonly admin: RedisClient;
  readonly publisher: FramePublisher;
  readonly log: RequestLog;
  readonly open: (attempt?: number, options?: WriterOptions) => FrameWriter;
  readonly say: (writer: FrameWriter, texts: readonly string[]) => Promise<void>;
}

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

async function start(appendOnly: boolean, replayCapacity = 1024 * 1024): Promise<Bench> {
  const server = await startRedis({ appendOnly });
  const connections = new RedisConnections({ url: server.url, name: 'test' });
  const publisher = new FramePublisher({ redis: connections.patient('frames'), names, replayCapacity });
  const admin = connections.patient('admin');
  ends.push(async () => {
    publisher.close();
    connections.close();
    await server.stop();
  });
  await connections.ready();
  await connections.subscriber('listener').subscribe(names.replyChannel(GATEWAY));
  return {
    server,
    admin,
    publisher,
    log: new RequestLog(admin, names),
    open: (attempt = 1, options = {}) =>
      publisher.open(
        { ...ADDRESS, requestId: 'r', attempt },
        { log: { limit: 1024 * 1024, retention: 60_000, deadline: Date.now() + 60_000 }, ...options },
      ),
    say: async (writer, texts) => {
      for (const text of texts) {
        writer.body(Buffer.from(text));
        await publisher.drain();
      }
    },
  };
}

const pieces = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, index) => `${from + index},`);

/** The file that Redis adds each write to. */
async function appendOnlyFile(admin: RedisClient): Promise<string> {
  const [, directory = ''] = await admin.config('GET', 'dir');
  const folder = join(directory, 'appendonlydir');
  const file = (await readdir(folder)).find((name) => name.endsWith('.incr.aof')) ?? '';
  return join(folder, file);
}

const readUntil = (log: RequestLog, enough: (logged: LoggedResponse) => boolean) =>
  eventually(
    () => log.read(ADDRESS),
    (logged) => logged !== undefined && enough(logged),
  );

describe('a log of which Redis has lost a part', () => {
  it('is whole again when Redis was killed and came back without its last writes', async () => {
    const { server, admin, log, open, say } = await start(true);
    const writer = open();
    writer.head(HEAD);
    await say(writer, pieces(0, 20));
    const file = await appendOnlyFile(admin);
    const { size } = await stat(file);
    await say(writer, pieces(20, 40));
    await server.kill();
    expect((await stat(file)).size).toBeGreaterThan(size);
    await truncate(file, size);
    await server.restart();
    await say(writer, pieces(40, 50));
    const logged = await readUntil(log, ({ next }) => next >= 51);
    expect(logged?.body.toString()).toBe(pieces(0, 50).join(''));
    expect(logged?.truncated).toBe(false);
    expect(await admin.pttl(names.logKey(GATEWAY, 1))).toBeGreaterThan(60_000);
  });

  it('is whole again when Redis came back with nothing, also of an answer that is over', async () => {
    const { server, log, open, say } = await start(false);
    const writer = open();
    writer.head(HEAD);
    await say(writer, pieces(0, 30));
    writer.fin({ outcome: 'completed' });
    await writer.taken;
    await server.kill();
    await server.restart();
    const logged = await readUntil(log, ({ fin }) => fin !== undefined);
    expect(logged?.body.toString()).toBe(pieces(0, 30).join(''));
  });

  it('is not written again when Redis was only cut off', async () => {
    const { admin, log, open, say } = await start(false);
    const writer = open();
    writer.head(HEAD);
    await say(writer, pieces(0, 10));
    const before = await log.read(ADDRESS);
    await admin.config('RESETSTAT');
    await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    await eventually(
      async () => /cmdstat_strlen:calls=(\d+)/.exec(await admin.info('commandstats'))?.[1],
      (calls) => calls === '1',
    );
    await say(writer, ['end']);
    expect(await log.read(ADDRESS)).toMatchObject({ next: 12, bytes: (before?.bytes ?? 0) + 16 + 3 });
  });

  it('is whole again with what earlier attempts wrote, and fenced again', async () => {
    const { server, log, open, say } = await start(false);
    const first = open();
    first.head(HEAD);
    await say(first, pieces(0, 10));
    const claimed = await log.claim({ ...ADDRESS, attempt: 2 });
    const second = open(2, claimed ? { continueFrom: claimed } : {});
    second.handover('w2');
    await say(second, pieces(10, 20));
    await server.kill();
    await server.restart();
    const logged = await readUntil(log, ({ next }) => next >= 22);
    expect(logged?.body.toString()).toBe(pieces(0, 20).join(''));
    await say(first, ['ZOMBIE']);
    expect(first.fenced).toBe(true);
    expect(second.fenced).toBe(false);
  });

  it('is fenced again when Redis has lost no more than the fence', async () => {
    const { admin, log, open, say } = await start(false);
    const zombie = open();
    zombie.head(HEAD);
    await say(zombie, ['a']);
    const claimed = await log.claim({ ...ADDRESS, attempt: 2 });
    const second = open(2, claimed ? { continueFrom: claimed } : {});
    const fences = `${names.responsesKey(GATEWAY)}:fences`;
    await admin.del(fences);
    await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    await eventually(
      () => admin.hget(fences, '1'),
      (attempt) => attempt === '2',
    );
    await say(zombie, ['ZOMBIE']);
    expect([zombie.fenced, second.fenced]).toEqual([true, false]);
    expect(await log.read(ADDRESS)).toMatchObject({ next: 2, body: Buffer.from('a') });
  });

  it('is left alone by a zombie', async () => {
    const { admin, log, open, say } = await start(false);
    const zombie = open();
    zombie.head(HEAD);
    await say(zombie, ['a']);
    await log.claim({ ...ADDRESS, attempt: 2 });
    await admin.del(names.logKey(GATEWAY, 1));
    await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    await eventually(
      () => zombie.fenced,
      (fenced) => fenced,
    );
    expect(await log.read(ADDRESS)).toBeUndefined();
  });

  it('says that it is truncated when the worker does not have the lost part any more', async () => {
    const { server, log, open, say } = await start(false, 20);
    const writer = open();
    writer.head(HEAD);
    await say(writer, pieces(0, 30));
    await server.kill();
    await server.restart();
    await eventually(
      () => writer.logging,
      (logging) => !logging,
    );
    await say(writer, ['more']);
    writer.fin({ outcome: 'completed' });
    await writer.taken;
    expect(await log.read(ADDRESS)).toMatchObject({ next: 0, truncated: true });
  });

  it('is whole again when Redis had no memory left for a while, during which frames were still heard', async () => {
    const { admin, log, open, say } = await start(false);
    const writer = open();
    writer.head(HEAD);
    await say(writer, pieces(0, 5));
    await admin.config('SET', 'maxmemory', '1');
    await say(writer, pieces(5, 10));
    await expect(admin.set('k', 'v')).rejects.toThrow(/OOM/);
    expect(writer.unheard).toBe(false);
    expect((await log.read(ADDRESS))?.next).toBe(6);
    // Two looks: by then the first has tried to mend the log, in vain.
    await eventually(
      async () => /cmdstat_strlen:calls=(\d+)/.exec(await admin.info('commandstats'))?.[1],
      (calls) => Number(calls) >= 2,
    );
    await admin.config('SET', 'maxmemory', '0');
    await say(writer, pieces(10, 12));
    const logged = await readUntil(log, ({ next }) => next >= 13);
    expect(logged?.body.toString()).toBe(pieces(0, 12).join(''));
  });
});
