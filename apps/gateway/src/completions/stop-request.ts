import { type FrameFin, parseRequestId } from '#contracts';
import type { ResponseCluster } from './recovery.js';

export interface RunningRequest {
  readonly requestId: string;
  /** Where its job waits if it waits; absent when nobody here knows. */
  readonly queue?: string;
  /** Who answers, if that is known. */
  readonly workerId?: string | undefined;
}

/**
 * Reaches a request wherever it is: still waiting, or on a worker, known or not, or lost and about to run again.
 * Never rejects.
 * @returns true when it was taken out of its queue, so that no worker will say that it is over
 */
export async function stopRequest(
  { requestId, queue, workerId }: RunningRequest,
  { control, queue: jobs }: ResponseCluster,
): Promise<boolean> {
  const cancel = { kind: 'cancel', requestId } as const;
  const heard = workerId !== undefined && (await control.send(workerId, cancel)) > 0;
  if (!heard) await control.send(undefined, cancel);
  if (queue === undefined) return false;
  // Also one that somebody has begun to answer waits while it is between two attempts.
  return jobs.removeCompletion(queue, requestId).catch(() => false);
}

/** Stops a request for good: whoever reads it is told, be it now or later, here or at another gateway. */
export function cancelForAll(
  request: RunningRequest,
  cluster: ResponseCluster,
  retention: number,
): Promise<void> {
  return endForAll(request, { outcome: 'cancelled' }, cluster, retention);
}

/** Like {@link cancelForAll}, with what they are told where no worker has begun; a worker says that it was cancelled. */
export async function endForAll(
  request: RunningRequest,
  fin: FrameFin,
  cluster: ResponseCluster,
  retention: number,
): Promise<void> {
  const parts = parseRequestId(request.requestId);
  if (!(await stopRequest(request, cluster)) || parts === undefined) return;
  const logged = await cluster.log?.read(parts);
  await cluster.records.endLog(
    {
      stream: parts.stream,
      attempt: Math.max(1, logged?.attempt ?? 0),
      sequence: logged?.next ?? 0,
      kind: 'fin',
      payload: Buffer.from(JSON.stringify(fin)),
    },
    { gatewayId: parts.gatewayId, retention, logged: cluster.log !== undefined },
  );
}
