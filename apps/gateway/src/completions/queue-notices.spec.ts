import { beforeEach, describe, expect, it } from 'vitest';
import type { WorkerDirectory } from '#cluster';
import { LongshoreError } from '#contracts';
import type { JobQueue } from '#queue';
import { QUEUE_NAME, session, worker } from './__fixtures__/announce.js';
import type { AcceptedCompletion } from './completions.js';
import { locateRequests } from './queue-notices.js';

const OTHER_QUEUE = QUEUE_NAME.replace('cpu', 'cuda');
const places = new Map([
  ['a', 0],
  ['b', 4],
]);

function accepted(requestId: string, queue = QUEUE_NAME): AcceptedCompletion {
  return { requestId, queue, model: 'm', ahead: 0, workerId: () => undefined };
}

describe('locateRequests', () => {
  let asked: string[];
  beforeEach(() => (asked = []));

  const locate = (requests: readonly AcceptedCompletion[], positions?: JobQueue['positions']) =>
    locateRequests(
      {
        queue: {
          positions:
            positions ??
            (async (queue: string, ids: readonly string[]) => {
              asked.push(`${queue}: ${ids.join(' ')}`);
              return ids.map((id) => places.get(id));
            }),
        } as unknown as JobQueue,
        workers: {
          workers: () => [worker([session({ slots: 1, busy: 1, drainRate: 1 })])],
        } as unknown as WorkerDirectory,
      },
      requests,
    );

  it('asks once for each queue and answers in the order of the requests', async () => {
    const requests = [accepted('b'), accepted('x', OTHER_QUEUE), accepted('a'), accepted('gone')];
    expect(await locate(requests)).toEqual([
      { state: 'queued', position: 5, eta: 5 },
      { state: 'loading' },
      { state: 'queued', position: 1, eta: 1 },
      { state: 'running' },
    ]);
    expect(asked).toEqual([`${QUEUE_NAME}: b a gone`, `${OTHER_QUEUE}: x`]);
  });

  it('lets all wait while Redis is away', async () => {
    const unreachable = async (): Promise<never> => {
      throw new LongshoreError('redis_unavailable');
    };
    expect(await locate([accepted('a'), accepted('b')], unreachable)).toEqual([
      { state: 'waiting' },
      { state: 'waiting' },
    ]);
  });
});
