import { createHash, randomBytes } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseModelReference } from '#contracts';
import { makeTemporaryFolder, type TemporaryFolder, storeArtifact } from '#testing';
import { BuiltProgram } from '../__fixtures__/built-program.js';
import { publishInDirectory } from '../__fixtures__/directory-source.js';
import { handMadeArtifact } from '../__fixtures__/hand-made-artifact.js';
import { blobsOf } from '../formats/manifest.js';
import { ModelStore } from './model-store.js';
import { probeVolume } from './probe-volume.js';
import { ReferenceFiles } from './reference-files.js';
import { StoreLayout } from './store-layout.js';

const PROCESSES = 8;
const SECONDS = 4;
/** Kills of one test, each at another moment of a cycle of work. */
const KILLS = 12;
const TAGS = ['a', 'b', 'c'];

let program: BuiltProgram;
let folder: TemporaryFolder;
let from: string;

beforeAll(async () => {
  program = await BuiltProgram.build();
  folder = await makeTemporaryFolder('processes');
  from = join(folder.path, 'source');
  const shared = { content: randomBytes(30_000), mediaType: 'application/vnd.docker.ai.license' };
  for (const tag of TAGS) {
    const weights = { content: randomBytes(300_000) };
    await publishInDirectory(from, tag, handMadeArtifact({ layers: [weights, shared] }));
  }
});
afterAll(async () => {
  await program.remove();
  await folder.remove();
});

/** Nothing is torn, dangling or in the way, whatever has happened before. */
async function expectWhole(store: ModelStore): Promise<void> {
  const read = (path: string): Promise<string[]> => readdir(join(store.directory, path));
  for (const name of await read('blobs/sha256')) {
    const bytes = await readFile(join(store.directory, 'blobs/sha256', name));
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(name);
  }
  const models = await store.list();
  expect(models.map(({ id }) => id.slice(7)).toSorted()).toEqual((await read('manifests/sha256')).toSorted());
  for (const { id } of models) expect(await store.verify(id)).toEqual([]);
  const references = await new ReferenceFiles(new StoreLayout(store.directory)).list();
  for (const { id } of references) expect(models.map((model) => model.id)).toContain(id);

  await store.collect({ leftoverAge: 0 });
  const needed = new Set(
    models.flatMap(({ manifest }) => blobsOf(manifest).map(({ digest }) => digest.slice(7))),
  );
  expect((await read('blobs/sha256')).toSorted()).toEqual([...needed].toSorted());
  expect(await read('trash/sha256')).toEqual([]);
  expect(await read('reservations')).not.toContainEqual(expect.stringMatching(/\.json$/));
  expect((await read('partial')).filter((name) => /^[0-9a-f]{64}/.test(name))).toEqual([]);
  const lasting = ['names.lock', 'room.lock', 'sweep.lock'];
  expect((await read('locks')).filter((name) => !lasting.includes(name))).toEqual([]);
  const ids = models.map(({ id }) => id.slice(7));
  for (const bundle of await read('bundles/sha256')) expect(ids).toContain(bundle);
}

describe('many processes on one volume', () => {
  it.each(['kernel', 'heartbeat'] as const)(
    'with %s locks tag, pull, delete, use and collect without harm',
    async (locks) => {
      const directory = join(folder.path, `busy-${locks}`);
      // The others find written down how the first one locks.
      const probe: typeof probeVolume = async (workshop) => ({ ...(await probeVolume(workshop)), locks });
      const store = await ModelStore.open(directory, { probe });
      expect(store.traits.locks).toBe(locks);
      const steady = await storeArtifact(
        store,
        handMadeArtifact({ layers: [{ content: randomBytes(1_000) }] }),
        parseModelReference('keep/steady:1'),
      );
      const running = Array.from({ length: PROCESSES }, (_, index) =>
        program.start('churn', directory, from, String(index), String(SECONDS), steady.id, ...TAGS),
      );
      const reports = await Promise.all(running.map((process) => process.heard('names')));
      for (const process of running) expect(await process.finish()).toBe(0);
      // Each process has given and taken names of its own, and no other may have lost one of them.
      const names = reports.flatMap((report) => report['names'] as string[]);
      const tags = (await store.get(steady.id))?.tags ?? [];
      expect(tags.toSorted()).toEqual([...names, 'docker.io/keep/steady:1'].toSorted());
      const done = reports.flatMap((report) => Object.keys(report['counts'] as object));
      expect(new Set(done)).toEqual(
        new Set(['pull', 'untag', 'remove', 'collect', 'list', 'use', 'name', 'unname']),
      );
      await expectWhole(store);
    },
    60_000,
  );
});

describe('a process that is killed at any moment', () => {
  it('leaves every name it had given, and neither a torn blob nor a name of nothing', async () => {
    const directory = join(folder.path, 'killed');
    const expected = new Map<string, 'named' | 'unsure'>();
    let sure = 0;
    for (let kill = 0; kill < KILLS; kill += 1) {
      const process = program.start('change', directory, from, ...TAGS);
      await process.heard(kill === 0 ? 'named' : 'ready');
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 150));
      await process.kill();
      for (const line of process.lines) {
        if (typeof line['named'] === 'string') expected.set(line['named'], 'named');
        if (typeof line['unsure'] === 'string') expected.set(line['unsure'], 'unsure');
      }
      const store = await ModelStore.open(directory);
      const named = [...expected]
        .filter(([, state]) => state === 'named')
        .map(([tag]) => `docker.io/org/m:${tag}`);
      sure += named.length;
      const tags = (await store.list()).flatMap((model) => model.tags);
      expect(tags).toEqual(expect.arrayContaining(named));
      await expectWhole(store);
    }
    expect(sure).toBeGreaterThan(0);
  }, 60_000);
});
