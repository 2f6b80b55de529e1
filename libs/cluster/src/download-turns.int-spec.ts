import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Names } from '#contracts';
import { RedisConnections } from '#redis';
import { eventually, type RedisFixture, startRedis } from '#testing';
import { type DownloadTurn, RedisDownloadTurns } from './download-turns.js';

const BLOB = `sha256:${'a'.repeat(64)}`;

describe('turns to download', () => {
  let server: RedisFixture;
  let namespace = '';
  let run = 0;
  const open: RedisConnections[] = [];
  const dead = new Set<string>();

  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server.stop());
  beforeEach(() => (namespace = `turns-test-${run++}`));
  afterEach(() => {
    for (const connections of open.splice(0)) connections.close();
    dead.clear();
  });

  async function worker(workerId: string): Promise<RedisDownloadTurns> {
    const connections = new RedisConnections({ url: server.url, name: workerId });
    open.push(connections);
    const redis = connections.failFast('turns');
    await connections.ready();
    const isAlive = (id: string): boolean => !dead.has(id);
    return new RedisDownloadTurns({ redis, names: new Names(namespace), workerId, isAlive });
  }

  function taken(answer: object): DownloadTurn {
    if ('release' in answer) return answer as DownloadTurn;
    throw new Error('The turn is somebody else’s.');
  }

  it('go to one worker at a time, and the others are told how far it is', async () => {
    const [one, two] = [await worker('one'), await worker('two')];
    const turn = taken(await one.take(BLOB, false));
    turn.report(7);
    const seen = await eventually(
      () => two.take(BLOB, false),
      (answer) => 'bytes' in answer && answer.bytes === 7,
    );
    expect(seen).toEqual({ bytes: 7 });
    await turn.release();
    await taken(await two.take(BLOB, true)).release();
  });

  it('of two that ask at once go to one', async () => {
    const workers = await Promise.all(['one', 'two', 'three'].map(worker));
    const answers = await Promise.all(workers.map((each) => each.take(BLOB, false)));
    expect(answers.filter((answer) => 'release' in answer)).toHaveLength(1);
    for (const answer of answers) if ('release' in answer) await answer.release();
  });

  it('are taken over from a worker that has died, also from an earlier life of oneself', async () => {
    const [one, two] = [await worker('one'), await worker('two')];
    const lost = taken(await one.take(BLOB, false));
    expect(await two.take(BLOB, false)).toEqual({ bytes: 0 });
    dead.add('one');
    const second = taken(await two.take(BLOB, true));
    const reborn = taken(await (await worker('two')).take(BLOB, false));
    // Who has lost a turn takes nothing away by giving it back.
    await lost.release();
    await second.release();
    expect(await (await worker('three')).take(BLOB, false)).toEqual({ bytes: 0 });
    await reborn.release();
  });

  it('outlast a Redis that comes back empty', async () => {
    const [one, two] = [await worker('one'), await worker('two')];
    const turn = taken(await one.take(BLOB, false));
    await server.kill();
    expect(await two.take(BLOB, true)).toEqual({ bytes: 0 });
    await server.restart();
    const until = performance.now() + 3_000;
    while (performance.now() < until) {
      expect(await two.take(BLOB, true)).toEqual({ bytes: 0 });
      await delay(25);
    }
    await turn.release();
    await taken(await two.take(BLOB, true)).release();
  });

  it('are everybody’s while Redis is away, except for those who know that another has one', async () => {
    const [one, two] = [await worker('one'), await worker('two')];
    await server.kill();
    try {
      await taken(await one.take(BLOB, false)).release();
      expect(await two.take(BLOB, true)).toEqual({ bytes: 0 });
    } finally {
      await server.restart();
    }
  });
});
