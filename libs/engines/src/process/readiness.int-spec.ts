import { writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { makeTemporaryFolder, type TemporaryFolder } from '#testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { waitUntilReady, weightsBytes } from './readiness.js';

const NEVER = new AbortController().signal;

let folder: TemporaryFolder;
let socketPath: string;
let server: Server | undefined;

beforeEach(async () => {
  folder = await makeTemporaryFolder('ready');
  socketPath = join(folder.path, 'e.sock');
});

afterEach(async () => {
  server?.close();
  server = undefined;
  await folder.remove();
});

/** Answers `/health` with 503 for the first requests and then with 200. */
async function listen(refusals: number): Promise<void> {
  let left = refusals;
  server = createServer((request, response) => {
    left -= 1;
    response.writeHead(request.url === '/health' && left < 0 ? 200 : 503).end();
  });
  await new Promise<void>((resolve) => server?.listen(socketPath, resolve));
}

describe('waitUntilReady', () => {
  it('waits while the engine is loading', async () => {
    await listen(3);
    expect(await waitUntilReady({ endpoint: { socketPath }, limitMs: 10_000, signal: NEVER })).toBe('ready');
  });

  it('waits for a socket that is not there yet', async () => {
    const ready = waitUntilReady({ endpoint: { socketPath }, limitMs: 10_000, signal: NEVER });
    setTimeout(() => void listen(0), 50);
    expect(await ready).toBe('ready');
  });

  it('gives up at the limit', async () => {
    await listen(Number.POSITIVE_INFINITY);
    expect(await waitUntilReady({ endpoint: { socketPath }, limitMs: 100, signal: NEVER })).toBe('timeout');
  });

  it('stops when aborted', async () => {
    const signal = AbortSignal.timeout(30);
    expect(await waitUntilReady({ endpoint: { socketPath }, limitMs: 60_000, signal })).toBe('aborted');
  });
});

describe('weightsBytes', () => {
  it('takes all shards for as large as the first', async () => {
    const path = join(folder.path, 'big-00001-of-00004.gguf');
    await writeFile(path, Buffer.alloc(10));
    expect(await weightsBytes(path)).toBe(40);
  });

  it('takes the size of a single file', async () => {
    const path = join(folder.path, 'small.gguf');
    await writeFile(path, Buffer.alloc(10));
    expect(await weightsBytes(path)).toBe(10);
  });
});
