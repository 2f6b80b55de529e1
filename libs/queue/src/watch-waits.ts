import type { RedisQueueBackend } from 'bullmq';

/** A wait for a job may last this much longer than it was to; ms. */
const PATIENCE_MS = 3_000;

interface Connection {
  readonly stream?: { destroy(): unknown };
  /** Of a cluster. */
  readonly nodes?: () => readonly Connection[];
}

/**
 * Cuts the blocking connection of a consumer whenever a wait for a job lasts longer than it can, so that the client
 * connects anew. BullMQ gives such a wait up by itself, but then waits without limit for a connection that may be just
 * as dead: a peer that accepts and never answers.
 */
export function watchWaits(backend: RedisQueueBackend, patience = PATIENCE_MS): void {
  const waitForJob = backend.waitForJob.bind(backend);
  backend.waitForJob = async (timeout) => {
    const timer = setInterval(() => cutBlocking(backend), timeout * 1_000 + patience);
    try {
      return await waitForJob(timeout);
    } finally {
      clearInterval(timer);
    }
  };
}

function cutBlocking(backend: RedisQueueBackend): void {
  // `blockingClient` is there only once the connection is ready, which is what may never happen.
  const { blockingConnection } = backend as unknown as { blockingConnection?: { _client?: Connection } };
  const client = blockingConnection?._client;
  for (const connection of client?.nodes?.() ?? [client]) connection?.stream?.destroy();
}
