import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { afterEach, expect, it } from 'vitest';
import { type MeasuredSession, serveEngineMetrics } from './serve-engine-metrics.js';
import { DEFAULT_STORE_LIMITS } from './store-limits.js';

const MODEL = `sha256:${'a'.repeat(64)}`;
const { signal } = new AbortController();
let stop = async (): Promise<unknown> => undefined;
afterEach(() => stop());

function session(answer: () => { status: number; text: string }): MeasuredSession {
  return {
    identity: { modelId: MODEL, mode: 'completion' },
    engineName: 'llama.cpp',
    call: async () => {
      const { status, text } = answer();
      return { status, headers: {}, body: Readable.from([Buffer.from(text)]) };
    },
  };
}

/** What is served of these. */
async function served(sessions: readonly MeasuredSession[], worker?: string): Promise<unknown> {
  const server = createServer((request, response) => {
    const exchange = { request, response, signal, limits: DEFAULT_STORE_LIMITS };
    void serveEngineMetrics(exchange, sessions, worker);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  stop = async () => server.close();
  const { port } = server.address() as AddressInfo;
  const response = await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } });
  return response.json();
}

it('serves what engines and the worker say, without engines that have no metrics or fail', async () => {
  const sessions = [
    session(() => ({ status: 200, text: 'requests 1\n' })),
    session(() => ({ status: 501, text: 'none' })),
    session(() => {
      throw new Error('The engine has ended.');
    }),
  ];
  expect(await served(sessions, 'longshore_worker_slots 4\n')).toEqual({
    engines: [{ modelId: MODEL, mode: 'completion', engine: 'llama.cpp', text: 'requests 1\n' }],
    worker: 'longshore_worker_slots 4\n',
  });
});

it('serves what the worker says when it has no engines', async () => {
  expect(await served([], 'longshore_worker_slots 0\n')).toEqual({
    engines: [],
    worker: 'longshore_worker_slots 0\n',
  });
});
