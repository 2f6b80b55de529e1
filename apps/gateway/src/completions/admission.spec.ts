import { describe, expect, it } from 'vitest';
import type { WorkerDirectory } from '#cluster';
import { type CompletionJob, LongshoreError } from '#contracts';
import type { JobQueue } from '#queue';
import { QUEUE_NAME, session, worker } from './__fixtures__/announce.js';
import { Admission, type Admitted } from './admission.js';

const job = { requestId: 'gw.1' } as CompletionJob;
const workers = [worker([session({ slots: 1, busy: 1, drainRate: 0.5 })])];

function admit(addCompletion: (...call: unknown[]) => Promise<{ ahead: number }>): Promise<Admitted> {
  const queue = { addCompletion } as unknown as JobQueue;
  const directory = { workers: () => workers } as unknown as WorkerDirectory;
  return new Admission({ queue, workers: directory }, 100).admit({ queue: QUEUE_NAME, job, priority: 3 });
}

describe('Admission', () => {
  it('hands the limit and the priority to the queue', async () => {
    const calls: unknown[][] = [];
    await admit(async (...call) => {
      calls.push(call);
      return { ahead: 0 };
    });
    expect(calls).toEqual([[QUEUE_NAME, job, { limit: 100, priority: 3 }]]);
  });

  it('estimates the wait only when jobs are ahead', async () => {
    expect(await admit(async () => ({ ahead: 0 }))).toEqual({ ahead: 0 });
    expect(await admit(async () => ({ ahead: 2 }))).toEqual({ ahead: 2, eta: 6 });
  });

  it('tells whom it refuses when to come back', async () => {
    const refused = admit(async () => {
      throw new LongshoreError('queue_full');
    });
    await expect(refused).rejects.toMatchObject({
      code: 'queue_full',
      retryAfter: 20,
      message: '100 requests wait for this model, which is as many as may; try again in 20 s.',
    });
  });

  it('passes other failures on as they are', async () => {
    const error = new LongshoreError('redis_unavailable');
    await expect(
      admit(async () => {
        throw error;
      }),
    ).rejects.toBe(error);
  });
});
