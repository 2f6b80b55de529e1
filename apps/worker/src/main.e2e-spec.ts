import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  eventually,
  isAlive,
  makeTemporaryFolder,
  REPOSITORY,
  startRedis,
  syntheticEnginePath,
  type RedisFixture,
  type TemporaryFolder,
} from '#testing';

const WORKER = join(REPOSITORY, 'dist/apps/worker/src/main.js');

/** Starts a worker as the launcher does, says its process id, and once it is ready that it is. */
const PARENT = `
const worker = require('node:child_process').fork(process.argv[1], [], { execArgv: [], stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
console.log(worker.pid);
worker.on('message', ({ type }) => console.log(type));`;

let folder: TemporaryFolder;
let engine: string;
let parent: ChildProcess | undefined;
let worker: number | undefined;

beforeAll(async () => {
  folder = await makeTemporaryFolder('worker');
  engine = await syntheticEnginePath();
});
afterEach(() => {
  parent?.kill('SIGKILL');
  if (worker !== undefined && isAlive(worker)) process.kill(worker, 'SIGKILL');
});
afterAll(() => folder.remove());

async function startWorker(redisUrl: string): Promise<{ pid: number; ready: Promise<unknown> }> {
  const env = {
    PATH: process.env['PATH'],
    LLAMA_SERVER_PATH: engine,
    LONGSHORE_REDIS_URL: redisUrl,
    LONGSHORE_MODELS_PATH: join(folder.path, 'models'),
    LONGSHORE_RUN_DIRECTORY: join(folder.path, 'run'),
  };
  const child = spawn(process.execPath, ['-e', PARENT, WORKER], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  parent = child;
  const lines = createInterface({ input: child.stdout });
  const [pid] = (await once(lines, 'line')) as [string];
  worker = Number(pid);
  return { pid: worker, ready: once(lines, 'line') };
}

describe('a worker whose parent is killed', () => {
  let redis: RedisFixture;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.stop());

  it('ends while it still waits for Redis', async () => {
    const { pid } = await startWorker(`unix://${join(folder.path, 'nobody.sock')}`);
    await eventually(() => readdirSync(join(folder.path, 'run')).length > 0, Boolean, { within: 30_000 });
    parent?.kill('SIGKILL');
    await eventually(() => !isAlive(pid), Boolean, { what: 'the end of the worker' });
    expect(readdirSync(join(folder.path, 'run'))).toEqual([]);
  });

  it('ends also when Redis is gone with it, and leaves nothing in its run folder', async () => {
    const { pid, ready } = await startWorker(redis.url);
    await ready;
    await redis.kill();
    parent?.kill('SIGKILL');
    await eventually(() => !isAlive(pid), Boolean, { what: 'the end of the worker' });
    expect(readdirSync(join(folder.path, 'run'))).toEqual([]);
  });
});
