import type { RedisQueueBackend } from 'bullmq';
import { describe, expect, it } from 'vitest';
import { watchWaits } from './watch-waits.js';

type Watched = Pick<RedisQueueBackend, 'waitForJob' | 'reconnectBlocking' | 'disconnectBlocking' | 'close'>;

/** What BullMQ's backend is like while its blocking connection to a cluster is made anew, and after that was closed. */
function watched(given: Partial<Watched> = {}): Watched {
  const backend: Watched = {
    waitForJob: () => new Promise(() => undefined),
    reconnectBlocking: () => new Promise(() => undefined),
    disconnectBlocking: (wait) => (wait === false ? Promise.resolve() : new Promise(() => undefined)),
    close: () => Promise.resolve(),
    ...given,
  };
  watchWaits(backend as RedisQueueBackend);
  return backend;
}

const NEVER_ENDING: readonly [string, (backend: Watched) => Promise<unknown>][] = [
  ['a job', (backend) => backend.waitForJob(5)],
  ['its connection', (backend) => backend.reconnectBlocking()],
];

describe('a backend that is closed', () => {
  it.each(NEVER_ENDING)('ends a wait for %s that would never end', async (_, wait) => {
    const backend = watched();
    const waiting = wait(backend);
    await Promise.all([expect(waiting).rejects.toThrow('Connection is closed.'), backend.close(true)]);
  });

  it.each(NEVER_ENDING)('ends a wait for %s before it asks whether all is done', async (_, wait) => {
    const backend = watched();
    const waiting = wait(backend);
    await Promise.all([
      expect(waiting).rejects.toThrow('Connection is closed.'),
      backend.disconnectBlocking(),
    ]);
  });

  it('says what became of the closing', async () => {
    const backend = watched({ close: () => Promise.reject(new Error('no')) });
    await expect(backend.close(true)).rejects.toThrow('no');
  });
});

describe('a backend that is open', () => {
  it('gives what is waited for, and the reason when there is nothing', async () => {
    const found = { member: '0', score: 0 };
    await expect(watched({ waitForJob: () => Promise.resolve(found) }).waitForJob(5)).resolves.toBe(found);
    const lost = watched({ reconnectBlocking: () => Promise.reject(new Error('ECONNREFUSED')) });
    await expect(lost.reconnectBlocking()).rejects.toThrow('ECONNREFUSED');
  });
});
