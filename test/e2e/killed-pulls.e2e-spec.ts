import { createHash } from 'node:crypto';
import { copyFile, readFile, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  eventually,
  fixtureModel,
  makeTemporaryFolder,
  openRequest,
  publishModel,
  pullModelThrough,
  type TemporaryFolder,
} from '#testing';
import { type ByteGate, startByteGate } from './support/byte-gate.js';
import { useCluster } from './support/use-cluster.js';

const MEBIBYTE = 1024 * 1024;
const SEGMENT = 32 * MEBIBYTE;
const SEGMENTS = 6;
const CONNECTIONS = 4;
const KILLS = 10;
/** After every so many kills one more segment may arrive whole. */
const KILLS_PER_SEGMENT = 3;

/** Asks for a model as patient callers do: a pull that has ended several workers is given up, and they ask again. */
async function keepAsking(url: string, model: string, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const body = { from: model };
    const pull = await openRequest({ url, body, signal }).catch(() => undefined);
    await pull?.whole().catch(() => undefined);
    await pause(100);
  }
}

describe('a worker that is killed again and again in the middle of a pull', () => {
  const shared = useCluster({ gateways: 1, workers: 1, engine: 'synthetic' });
  let folder: TemporaryFolder;
  let gate: ByteGate;
  /** Bytes of a segment that may pass, by its first byte. */
  let allow: (start: number) => number;
  beforeAll(async () => {
    folder = await makeTemporaryFolder('killed');
    gate = await startByteGate({ target: () => shared.registry.host, allow: (start) => allow(start) });
  });
  afterAll(async () => {
    await gate.close();
    await folder.remove();
  });

  /** What a later process will not fetch again: where those segments begin. */
  async function finishedSegments(digest: string): Promise<number[]> {
    const path = join(shared.cluster.worker().modelsPath, 'partial', `${digest}.json`);
    const text = await readFile(path, 'utf8').catch(() => undefined);
    if (text === undefined) return [];
    const record = JSON.parse(text) as { done: string; segmentSize: number };
    expect(record.segmentSize).toBe(SEGMENT);
    const bits = Buffer.from(record.done, 'base64');
    return Array.from({ length: SEGMENTS }, (_, index) => index * SEGMENT).filter(
      (start) => (((bits[0] ?? 0) >> (start / SEGMENT)) & 1) === 1,
    );
  }

  it('goes on each time from what had arrived, and the caller who asks again gets the model', async () => {
    const file = join(folder.path, 'large.gguf');
    await copyFile(await fixtureModel('random'), file);
    await truncate(file, SEGMENT * SEGMENTS);
    const digest = createHash('sha256')
      .update(await readFile(file))
      .digest('hex');
    await publishModel({ registry: shared.registry, name: 'killed/model:1', file });
    const model = `${gate.host}/killed/model:1`;
    const { url } = shared.cluster.gateway();
    /** Where the segments began that were asked for since. */
    const askedSince = (first: number): number[] =>
      gate.reads.slice(first).flatMap(({ path, start }) => (path.endsWith(digest) ? [start] : []));

    let finished: number[] = [];
    let worker = shared.cluster.worker();
    for (let kill = 1; kill <= KILLS; kill += 1) {
      const whole = kill % KILLS_PER_SEGMENT === 0 ? 1 : 0;
      const unfinished = SEGMENTS - finished.length;
      const held = 1 + Math.floor(Math.random() * (Math.min(CONNECTIONS, unfinished) - 1));
      const passing = new Set<number>();
      allow = (start) => {
        if (passing.size < whole) passing.add(start);
        return passing.has(start) ? Infinity : Math.floor(Math.random() * (SEGMENT - MEBIBYTE));
      };
      const since = gate.reads.length;
      // It may take up by itself what it was killed in.
      if (!worker.alive) worker = await shared.cluster.restartWorker(worker.name);
      const leaving = new AbortController();
      const asking = keepAsking(`${url}/models/create`, model, leaving.signal);
      const before = finished.length;
      await eventually(
        async () =>
          askedSince(since).length > held && (await finishedSegments(digest)).length >= before + whole,
        Boolean,
        { within: 60_000, what: `the point of kill ${kill}` },
      );
      await worker.kill();
      leaving.abort();
      await asking;
      expect(askedSince(since).filter((start) => finished.includes(start))).toEqual([]);
      finished = await finishedSegments(digest);
      expect(finished.length).toBe(before + whole);
    }

    allow = () => Infinity;
    const since = gate.reads.length;
    await shared.cluster.restartWorker(worker.name);
    const succeeded = async (): Promise<boolean> =>
      (await pullModelThrough(url, model)).lines.at(-1)?.type === 'success';
    await eventually(succeeded, Boolean, { within: 60_000, what: 'the model' });
    expect(askedSince(since).filter((start) => finished.includes(start))).toEqual([]);
    expect(finished).toHaveLength(Math.floor(KILLS / KILLS_PER_SEGMENT));
    const stored = join(shared.cluster.worker().modelsPath, 'blobs', 'sha256', digest);
    expect((await readFile(stored)).equals(await readFile(file))).toBe(true);
  }, 300_000);
});
