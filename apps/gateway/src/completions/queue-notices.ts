import type { WorkerDirectory } from '#cluster';
import { parseCompletionQueue } from '#contracts';
import type { JobQueue } from '#queue';
import type { AcceptedCompletion } from './completions.js';
import { supplyOf } from './drain-rate.js';
import { type Whereabouts, whereaboutsOf } from './whereabouts.js';

export interface NoticeCluster {
  readonly queue: JobQueue;
  readonly workers: WorkerDirectory;
}

/**
 * Finds out where accepted requests are: one round trip to Redis for each queue they wait in, however many they are.
 * The answers are in the order of the requests. While Redis is away all of them wait.
 */
export async function locateRequests(
  { queue: jobs, workers: directory }: NoticeCluster,
  requests: readonly AcceptedCompletion[],
): Promise<readonly Whereabouts[]> {
  const found = new Map<AcceptedCompletion, Whereabouts>();
  const locateIn = async (queue: string, members: readonly AcceptedCompletion[]): Promise<void> => {
    const positions = await jobs
      .positions(
        queue,
        members.map(({ requestId }) => requestId),
      )
      .catch(() => undefined);
    const parts = parseCompletionQueue(queue);
    if (positions === undefined || parts === undefined) return;
    const workers = directory.workers();
    const supply = supplyOf(parts, workers);
    for (const [index, request] of members.entries()) {
      const sighting = { ahead: positions[index], workerId: request.workerId() };
      found.set(request, whereaboutsOf(sighting, supply, workers));
    }
  };
  await Promise.all([...groupByQueue(requests)].map(([queue, members]) => locateIn(queue, members)));
  return requests.map((request) => found.get(request) ?? { state: 'waiting' });
}

function groupByQueue(requests: readonly AcceptedCompletion[]): Map<string, AcceptedCompletion[]> {
  const groups = new Map<string, AcceptedCompletion[]>();
  for (const request of requests) {
    const group = groups.get(request.queue);
    if (group === undefined) groups.set(request.queue, [request]);
    else group.push(request);
  }
  return groups;
}
