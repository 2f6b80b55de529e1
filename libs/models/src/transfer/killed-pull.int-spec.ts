import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { onBlob, rangeOf } from '../__fixtures__/misbehave.js';
import { Workbench, randomArtifact } from '../__fixtures__/workbench.js';
import { SegmentMap } from './segment-map.js';
import { DEFAULT_TRANSFER } from './transfer-settings.js';

const SEGMENT = 16 * 1024;
const SEGMENTS = 256;
const KILLS = 10;
/** Long enough for a kill to come in the middle. */
const ANSWER_DELAY_MS = 10;
const PROGRAM = fileURLToPath(new URL('../__fixtures__/pull-in-child.mjs', import.meta.url));

let bench: Workbench;

beforeAll(async () => {
  bench = await Workbench.start();
});
afterAll(() => bench.stop());

describe('a pull whose process is killed', () => {
  it('at ten random points loses less than a segment a connection each time', async () => {
    const size = SEGMENT * SEGMENTS;
    const artifact = randomArtifact(size);
    await bench.push(artifact, 'killed/model:1');
    const [, blob] = artifact.blobs;
    const digest = blob?.descriptor.digest ?? '';
    let asked: number[] = [];
    let total = 0;
    let onAsked = (): void => undefined;
    const front = await bench.front(
      onBlob(digest, ({ request, forward }) => {
        asked.push((rangeOf(request)?.start ?? 0) / SEGMENT);
        total += 1;
        setTimeout(forward, ANSWER_DELAY_MS);
        onAsked();
      }),
    );
    const folder = await bench.folder();
    const start = () =>
      spawn(process.execPath, [PROGRAM, folder, `${front.host}/killed/model:1`, String(SEGMENT)], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
    let finished = new Set<number>();
    for (let kill = 0; kill < KILLS; kill += 1) {
      asked = [];
      const child = start();
      child.stdout.resume();
      const point = 1 + Math.floor(Math.random() * 16);
      onAsked = () => {
        if (asked.length === point) setTimeout(() => child.kill('SIGKILL'), Math.random() * ANSWER_DELAY_MS);
      };
      await once(child, 'exit');
      expect(child.signalCode).toBe('SIGKILL');
      expect(asked.filter((index) => finished.has(index))).toEqual([]);
      finished = await finishedSegments(folder, digest, size);
      const lost = asked.filter((index) => !finished.has(index));
      expect(lost.length).toBeLessThanOrEqual(DEFAULT_TRANSFER.connectionsPerBlob);
    }
    asked = [];
    onAsked = () => undefined;
    const last = start();
    let output = '';
    last.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    await once(last, 'close');
    expect(JSON.parse(output.trim().split('\n').at(-1) ?? '')).toMatchObject({ id: artifact.id });
    expect([...asked].sort((a, b) => a - b)).toEqual(
      Array.from({ length: SEGMENTS }, (_, index) => index).filter((index) => !finished.has(index)),
    );
    expect(total - SEGMENTS).toBeLessThanOrEqual(KILLS * DEFAULT_TRANSFER.connectionsPerBlob);
    expect(await readdir(join(folder, 'partial'))).toEqual([]);
    const stored = await readFile(join(folder, 'blobs/sha256', digest.slice(7)));
    expect(blob && stored.equals(blob.content as Buffer)).toBe(true);
  }, 120_000);
});

/** What a later process will not fetch again. */
async function finishedSegments(folder: string, digest: string, size: number): Promise<Set<number>> {
  const path = join(folder, 'partial', `${digest.slice(7)}.json`);
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) return new Set();
  const map = SegmentMap.fromRecord(JSON.parse(text), size);
  expect(map?.segmentSize).toBe(SEGMENT);
  const waiting = new Set<number>();
  for (let index = map?.claim(); index !== undefined; index = map?.claim()) waiting.add(index);
  return new Set(
    Array.from({ length: SEGMENTS }, (_, index) => index).filter((index) => !waiting.has(index)),
  );
}
