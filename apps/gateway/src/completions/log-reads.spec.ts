import { expect, it } from 'vitest';
import type { RequestIdParts } from '#contracts';
import type { LoggedResponse } from '#streaming';
import { BoundedWork } from './bounded-work.js';
import { LogReads } from './log-reads.js';

/** A log that answers when it is told to. */
class SlowLog {
  readonly reading: { readonly stream: number; readonly answer: (error?: Error) => void }[] = [];

  read({ stream }: RequestIdParts): Promise<LoggedResponse | undefined> {
    return new Promise((resolve, reject) => {
      const answer = (error?: Error): void => {
        if (error !== undefined) return reject(error);
        resolve({
          attempt: 1,
          frames: [],
          body: Buffer.alloc(0),
          next: this.reading.length,
          bytes: 0,
          truncated: false,
        });
      };
      this.reading.push({ stream, answer });
    });
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const parts = (stream: number): RequestIdParts => ({ gatewayId: 'gw', stream });

it('reads one log once for all who wait for their turn, and again for those who ask after it was begun', async () => {
  const log = new SlowLog();
  const reads = new LogReads(log, new BoundedWork(1));
  const first = reads.read(parts(1));
  await turn();
  const later = Array.from({ length: 100 }, () => reads.read(parts(1)));
  expect(log.reading).toHaveLength(1);
  log.reading[0]?.answer();
  expect((await first)?.next).toBe(1);
  await turn();
  log.reading[1]?.answer();
  expect((await Promise.all(later)).map((logged) => logged?.next)).toEqual(
    Array.from({ length: 100 }, () => 2),
  );
  expect(log.reading).toHaveLength(2);
});

it('reads different logs beside each other, and goes on after one that failed', async () => {
  const log = new SlowLog();
  const reads = new LogReads(log, new BoundedWork(2));
  const both = [reads.read(parts(1)), reads.read(parts(2)), reads.read(parts(3))];
  await turn();
  expect(log.reading.map(({ stream }) => stream)).toEqual([1, 2]);
  log.reading[0]?.answer(new Error('Redis is away'));
  await expect(both[0]).rejects.toThrow('away');
  log.reading[1]?.answer();
  await turn();
  log.reading[2]?.answer();
  await Promise.all(both.slice(1));
});
