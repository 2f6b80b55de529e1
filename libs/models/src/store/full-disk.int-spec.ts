import { randomBytes } from 'node:crypto';
import { execFile } from 'node:child_process';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseModelReference } from '#contracts';
import { eventually, makeTemporaryFolder, type TemporaryFolder, storeArtifact } from '#testing';
import { BuiltProgram } from '../__fixtures__/built-program.js';
import { DirectorySource, publishInDirectory } from '../__fixtures__/directory-source.js';
import { handMadeArtifact } from '../__fixtures__/hand-made-artifact.js';
import { pause } from '../pause.js';
import { pullModel } from '../pull-model.js';
import type { BlobStream } from '../sources/model-source.js';
import { ModelStore } from './model-store.js';

const MEBIBYTE = 1024 * 1024;
let program: BuiltProgram;
let folder: TemporaryFolder;
let from: string;

beforeAll(async () => {
  program = await BuiltProgram.build();
  folder = await makeTemporaryFolder('disk');
  from = join(folder.path, 'source');
  for (const [tag, size] of Object.entries({ small: MEBIBYTE, large: 6 * MEBIBYTE })) {
    await publishInDirectory(from, tag, handMadeArtifact({ layers: [{ content: randomBytes(size) }] }));
  }
});
afterAll(async () => {
  await program.remove();
  await folder.remove();
});

/** A shell with a disk of its own at `directory`, gone with the shell; the quotes of the script are single. */
const onSmallDisk = (directory: string, size: string, script: string): [string, string[]] => [
  'unshare',
  [
    '--user',
    '--map-root-user',
    '--mount',
    'sh',
    '-ec',
    `mount -t tmpfs -o size=${size} tmpfs '${directory}'; ${script}`,
  ],
];

async function hasSmallDisks(): Promise<boolean> {
  const directory = join(folder.path, 'try');
  await mkdir(directory, { recursive: true });
  return promisify(execFile)(...onSmallDisk(directory, '1m', 'true')).then(
    () => true,
    () => false,
  );
}

describe('a disk that is too small', () => {
  it('is told before the pull, and by how much', async (context) => {
    context.skip(!(await hasSmallDisks()), 'this machine lets nobody mount a small disk');
    const directory = join(folder.path, 'small');
    await mkdir(directory);
    const pull = (tag: string): string =>
      `'${process.execPath}' '${program.path}' pull '${directory}' '${from}' ${tag}`;
    const running = program.run(
      ...spread(onSmallDisk(directory, '4m', `${pull('small')}; ${pull('large')}; ${pull('small')}`)),
    );
    expect(await running.finish()).toBe(0);
    expect(running.lines).toEqual([
      { pulled: 'small' },
      { failed: expect.stringMatching(/needs 6\.00 MiB, \d\.\d\d MiB is free\. Remove models/) },
      { pulled: 'small' },
    ]);
  });

  it('that becomes full during the pull fails it, and leaves a store that works', async (context) => {
    context.skip(!(await hasSmallDisks()), 'this machine lets nobody mount a small disk');
    const directory = join(folder.path, 'filled');
    await mkdir(directory);
    const running = program.run(
      ...spread(
        onSmallDisk(
          directory,
          '8m',
          `exec '${process.execPath}' '${program.path}' fill '${directory}' '${from}'`,
        ),
      ),
    );
    expect(await running.finish()).toBe(0);
    expect(running.lines).toEqual([
      { failed: expect.stringMatching(/There is no room in the model store .*: its disk is full/) },
      { models: ['small'], sound: true },
      { tagging: expect.stringMatching(/its disk is full/) },
      { removed: true },
      { pulled: 'large', sound: true },
    ]);
  });
});

const spread = ([command, argv]: [string, string[]]): [string, ...string[]] => [command, ...argv];

describe('room in a store', () => {
  it('ends at the quota, also for several that pull at once', async () => {
    const directory = join(folder.path, 'quota');
    const store = await ModelStore.open(directory, { quota: 3 * MEBIBYTE });
    const artifacts = [1, 2, 3].map(() =>
      handMadeArtifact({ layers: [{ content: randomBytes(1.4 * MEBIBYTE) }] }),
    );
    const stored = await Promise.allSettled(artifacts.map((artifact) => storeArtifact(store, artifact)));
    const failed = stored.filter((result) => result.status === 'rejected');
    expect(failed).toHaveLength(1);
    expect(failed[0]?.reason).toMatchObject({
      reason: 'no-room',
      message: expect.stringMatching(/needs 1\.40 MiB, .* of its quota of 3\.00 MiB is free/),
    });
    // What is here needs no room.
    await storeArtifact(
      store,
      artifacts[stored.findIndex(({ status }) => status === 'fulfilled')] ?? failedToFind(),
    );
    expect((await store.usage()).total).toBeLessThanOrEqual(3 * MEBIBYTE);
    expect(await readdir(join(directory, 'reservations'))).toEqual([]);
  });

  it('is made of what nobody needs, but not of what the pull goes on with', async () => {
    const store = await ModelStore.open(join(folder.path, 'leftovers'), { quota: 2 * MEBIBYTE });
    const [gone, wanted] = [1, 2].map(() => randomBytes(1.5 * MEBIBYTE));
    const source = handMadeArtifact({ layers: [{ content: gone ?? Buffer.alloc(0) }] });
    await store.holding(undefined, async () => {
      for (const { descriptor, content } of source.blobs) {
        await store.receive({ blob: descriptor, receive: ({ data }) => writeFile(data, content) });
      }
    });
    const artifact = handMadeArtifact({ layers: [{ content: wanted ?? Buffer.alloc(0) }] });
    const half = artifact.blobs[1]?.descriptor;
    const place = join(store.directory, 'partial', half?.digest.slice(7) ?? '');
    await writeFile(place, (wanted ?? Buffer.alloc(0)).subarray(0, 400_000));
    const room = await store.reserve(artifact.blobs.map(({ descriptor }) => descriptor));
    expect(await readdir(join(store.directory, 'partial'))).toContain(half?.digest.slice(7));
    expect(await readdir(join(store.directory, 'blobs/sha256'))).toEqual(
      // Both have the same config document, which is wanted.
      [artifact.blobs[0]?.descriptor.digest.slice(7)],
    );
    await room.release();
  });

  it('comes back when who reserved it is killed', async () => {
    const directory = join(folder.path, 'reserved');
    const store = await ModelStore.open(directory, { quota: 2 * MEBIBYTE });
    const holder = program.start('reserve', directory, String(2 * MEBIBYTE), String(1.5 * MEBIBYTE));
    await holder.heard('held');
    const wanted = [{ digest: `sha256:${'1'.repeat(64)}`, size: MEBIBYTE }];
    await expect(store.reserve(wanted)).rejects.toMatchObject({ reason: 'no-room' });
    await holder.kill();
    await (await eventually(() => store.reserve(wanted))).release();
    expect(await readdir(join(directory, 'reservations'))).toEqual([]);
  });

  it('is looked after while a model arrives, and a pull that was stopped can be tried again', async () => {
    let free = 100 * MEBIBYTE;
    const store = await ModelStore.open(join(folder.path, 'watched'), { freeBytes: async () => free });
    const reference = parseModelReference('org/m:large');
    const source = new StallingSource(from, () => (free = MEBIBYTE));
    await expect(pullModel({ store, source, reference })).rejects.toThrow(
      /needs \d\.\d\d MiB, 1\.00 MiB is free/,
    );
    free = 100 * MEBIBYTE;
    const again = { store, source: new DirectorySource(from), reference };
    expect(await pullModel(again)).toMatchObject({ cached: false });
  });

  it('is looked after while an artifact is stored', async () => {
    let free = 100 * MEBIBYTE;
    const store = await ModelStore.open(join(folder.path, 'delivered'), { freeBytes: async () => free });
    const { blobs } = handMadeArtifact({ layers: [{ content: randomBytes(6 * MEBIBYTE) }] });
    const descriptor = blobs[1]?.descriptor ?? failedToFind();
    async function* open(): AsyncGenerator<Buffer> {
      yield randomBytes(MEBIBYTE);
      free = MEBIBYTE;
      for (;;) {
        await pause(50);
        yield Buffer.alloc(1);
      }
    }
    const delivery = store.deliver({ blob: descriptor, open: async () => open() });
    await expect(delivery).rejects.toThrow(/needs \d\.\d\d MiB, 1\.00 MiB is free/);
    expect(await readdir(join(store.directory, 'partial'))).toEqual([]);
  });
});

/** Sends the beginning of what is large, and then nothing. */
class StallingSource extends DirectorySource {
  constructor(
    folder: string,
    private readonly onStall: () => void,
  ) {
    super(folder);
  }

  override async openBlob(...call: Parameters<DirectorySource['openBlob']>): Promise<BlobStream> {
    const stream = await super.openBlob(...call);
    const [, blob, , access] = call;
    return blob.size < MEBIBYTE ? stream : { ...stream, bytes: this.stalling(stream.bytes, access?.signal) };
  }

  private async *stalling(bytes: AsyncIterable<Buffer>, signal?: AbortSignal): AsyncGenerator<Buffer> {
    for await (const chunk of bytes) {
      yield chunk;
      this.onStall();
      await pause(30_000, signal);
    }
  }
}

function failedToFind(): never {
  throw new Error('the fixture has no such part');
}
