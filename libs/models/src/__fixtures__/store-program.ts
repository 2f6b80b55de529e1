import { createHash } from 'node:crypto';
import { writeSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseModelReference } from '#contracts';
import { pullModel, type PulledModel } from '../pull-model.js';
import { SourceError } from '../sources/source-error.js';
import { HeartbeatLocks } from '../store/heartbeat-locks.js';
import { KernelLocks } from '../store/kernel-locks.js';
import type { LockKind } from '../store/probe-volume.js';
import { ModelStore } from '../store/model-store.js';
import { StoreError } from '../store/store-error.js';
import { DirectorySource } from './directory-source.js';

/** A process that uses a store, for tests that let several of them at one or kill them. */
const PROGRAMS: Readonly<Record<string, (argv: readonly string[]) => Promise<void>>> = {
  lock: holdLock,
  lease: holdLease,
  churn,
  change: changeForever,
  pull: pullOnce,
  fill: fillDisk,
  reserve: holdRoom,
};

/** Before the kill that may follow, so not through a stream. */
function say(line: object): void {
  writeSync(1, `${JSON.stringify(line)}\n`);
}

/** Says `held` and keeps what it has until its input ends. */
async function untilTold(): Promise<void> {
  say({ held: true });
  for await (const _ of process.stdin) void _;
}

async function holdLock([directory = '', kind, name = '', shared]: readonly string[]): Promise<void> {
  const locks = createLocks(directory, kind as LockKind);
  const lock = await locks.acquire(name, { shared: shared === 'shared' });
  await untilTold();
  await lock.release();
}

/** The heart beats fast, so that tests need not wait long for the dead. */
function createLocks(directory: string, kind: LockKind): KernelLocks | HeartbeatLocks {
  return kind === 'kernel'
    ? new KernelLocks(directory)
    : new HeartbeatLocks(directory, { interval: 50, patience: 2_000 });
}

async function holdLease([directory = '', id = '']: readonly string[]): Promise<void> {
  const store = await ModelStore.open(directory);
  const lease = await store.lease(id);
  await untilTold();
  await lease.release();
}

async function pullOnce([directory = '', from = '', tag = '', quota = '0']: readonly string[]): Promise<void> {
  const store = await ModelStore.open(directory, { quota: Number(quota) });
  const source = new DirectorySource(from);
  try {
    await pullModel({ store, source, reference: parseModelReference(`org/m:${tag}`) });
    say({ pulled: tag });
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    say({ failed: error.message });
  }
}

async function holdRoom([directory = '', quota, size]: readonly string[]): Promise<void> {
  const store = await ModelStore.open(directory, { quota: Number(quota) });
  const room = await store.reserve([{ digest: `sha256:${'0'.repeat(64)}`, size: Number(size) }]);
  await untilTold();
  await room.release();
}

/** Somebody else takes what is left of the disk in the middle of a pull. */
async function fillDisk([directory = '', from = '']: readonly string[]): Promise<void> {
  // A disk that does not say what it has left fails by what is written.
  const store = await ModelStore.open(directory, { freeBytes: async () => undefined });
  const source = new DirectorySource(from);
  const pull = async (tag: string): Promise<PulledModel> =>
    pullModel({ store, source, reference: parseModelReference(`org/m:${tag}`) });
  const sound = async (): Promise<boolean> => {
    const damaged = await Promise.all((await store.list()).map(({ id }) => store.verify(id)));
    return damaged.flat().length === 0;
  };
  const { model } = await pull('small');
  await writeFile(join(directory, 'strangers'), Buffer.alloc(4 * 1024 * 1024));
  await pull('large').catch((error: unknown) => say({ failed: messageOf(error) }));
  const names = (await store.list()).flatMap(({ tags }) => tags.map((tag) => tag.replace(/.*:/, '')));
  say({ models: names, sound: await sound() });
  await writeFile(join(directory, 'strangers'), Buffer.alloc(16 * 1024 * 1024)).catch(() => undefined);
  await store.tag(model.id, 'org/other:1').catch((error: unknown) => say({ tagging: messageOf(error) }));
  say({ removed: (await store.remove(model.id)) !== undefined });
  await rm(join(directory, 'strangers'));
  await pull('large');
  say({ pulled: 'large', sound: await sound() });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

interface Churn {
  readonly store: ModelStore;
  readonly source: DirectorySource;
  readonly own: string;
  readonly tags: readonly string[];
  /** The model that stays, and the names this process has given it. */
  readonly steady: string;
  readonly names: Set<string>;
}

/** Does everything at random for some time, and says at the end which names it has given to the model that stays. */
async function churn([directory = '', from = '', own = '', seconds = '1', steady = '', ...tags]: readonly string[]): Promise<void> {
  const store = await ModelStore.open(directory);
  const all: Churn = { store, source: new DirectorySource(from), own, tags, steady, names: new Set() };
  const end = Date.now() + Number(seconds) * 1_000;
  const counts: Record<string, number> = {};
  // Each of them at least once, however slow the machine.
  const due = Object.entries(ACTS).toSorted(() => Math.random() - 0.5);
  while (due.length > 0 || Date.now() < end) {
    const [name, act] = due.pop() ?? pick(Object.entries(ACTS));
    await act(all);
    counts[name] = (counts[name] ?? 0) + 1;
  }
  say({ names: [...all.names], counts });
}

const ACTS: Readonly<Record<string, (churn: Churn) => Promise<unknown>>> = {
  pull: ({ store, source, tags }) =>
    unlessRemoved(pullModel({ store, source, reference: parseModelReference(`org/m:${pick(tags)}`) })),
  untag: ({ store, tags }) => store.untag(`org/m:${pick(tags)}`),
  remove: async ({ store, tags }) => {
    const model = await store.findByReference(`org/m:${pick(tags)}`);
    if (model) await store.remove(model.id);
  },
  collect: ({ store }) => store.collect({ leftoverAge: 0 }),
  list: ({ store }) => store.list(),
  use: async ({ store, tags }) => {
    const model = await store.findByReference(`org/m:${pick(tags)}`);
    if (!model) return;
    const lease = await store.lease(model.id).catch(passing('not-found'));
    if (!lease) return;
    const first = await sha256(lease.files.weights);
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 50));
    if ((await sha256(lease.files.weights)) !== first) throw new Error('leased bytes have changed');
    if (!model.manifest.layers.some(({ digest }) => digest === first)) throw new Error('leased bytes are wrong');
    await lease.release();
  },
  name: async ({ store, own, steady, names }) => {
    const name = `own/${own}:${Math.floor(Math.random() * 20)}`;
    await store.tag(steady, name);
    names.add(parseModelReference(name).name);
  },
  unname: async ({ store, names }) => {
    const [name] = names;
    if (name === undefined) return;
    names.delete(name);
    if (!(await store.untag(name))) throw new Error(`the name ${name} was lost`);
  },
};

/** Says before each change what it may do away with, and after it what is sure. Runs until it is killed. */
async function changeForever([directory = '', from = '', ...tags]: readonly string[]): Promise<void> {
  const store = await ModelStore.open(directory);
  const source = new DirectorySource(from);
  say({ ready: true });
  for (;;) {
    const tag = pick(tags);
    const name = `org/m:${tag}`;
    if (Math.random() < 0.6) {
      await pullModel({ store, source, reference: parseModelReference(name) });
      say({ named: tag });
    } else if (Math.random() < 0.7) {
      say({ unsure: tag });
      await store.untag(name);
    } else await store.collect({ leftoverAge: 0 });
  }
}

/** A model may be removed by another process in the moment it is stored. */
async function unlessRemoved(pull: Promise<unknown>): Promise<void> {
  try {
    await pull;
  } catch (error) {
    const cause = error instanceof SourceError ? error.cause : error;
    if (!(cause instanceof StoreError && cause.reason === 'not-found')) throw error;
  }
}

function passing(reason: StoreError['reason']): (error: unknown) => undefined {
  return (error) => {
    if (!(error instanceof StoreError && error.reason === reason)) throw error;
    return undefined;
  };
}

async function sha256(path: string): Promise<string> {
  return `sha256:${createHash('sha256').update(await readFile(path)).digest('hex')}`;
}

function pick<T>(items: readonly T[]): T {
  return items[Math.floor(Math.random() * items.length)] as T;
}

const [program = '', ...argv] = process.argv.slice(2);
await PROGRAMS[program]?.(argv);
