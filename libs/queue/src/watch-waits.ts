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
 *
 * Whatever waits ends when the backend is closed or its blocking connection is ended, with an error as of a closed
 * connection. BullMQ ends the connection then and counts on its client to say so, but a cluster that is being connected to
 * again tells nobody.
 */
export function watchWaits(backend: RedisQueueBackend, patience = PATIENCE_MS): void {
  const waitForJob = backend.waitForJob.bind(backend);
  const reconnectBlocking = backend.reconnectBlocking.bind(backend);
  const untilClosed = endWithClose(backend);
  backend.waitForJob = async (timeout) => {
    const timer = setInterval(() => cutBlocking(backend), timeout * 1_000 + patience);
    try {
      return await untilClosed(waitForJob(timeout));
    } finally {
      clearInterval(timer);
    }
  };
  backend.reconnectBlocking = () => untilClosed(reconnectBlocking());
}

/** @returns what gives a promise that also rejects once the backend begins to close */
function endWithClose(backend: RedisQueueBackend): <T>(waiting: Promise<T>) => Promise<T> {
  const close = backend.close.bind(backend);
  const disconnectBlocking = backend.disconnectBlocking.bind(backend);
  const waits = new Set<() => void>();
  const endAll = (): void => waits.forEach((end) => end());
  backend.close = (force) => {
    endAll();
    return close(force);
  };
  // Consumers with a loop of BullMQ's own are closed by this first.
  backend.disconnectBlocking = () => {
    endAll();
    return disconnectBlocking(false);
  };
  return (waiting) =>
    new Promise((resolve, reject) => {
      // BullMQ knows an end by its text, and keeps quiet about it.
      const end = (): void => reject(new Error('Connection is closed.'));
      waits.add(end);
      void waiting.then(resolve, reject).finally(() => waits.delete(end));
    });
}

function cutBlocking(backend: RedisQueueBackend): void {
  // `blockingClient` is there only once the connection is ready, which is what may never happen.
  const { blockingConnection } = backend as unknown as { blockingConnection?: { _client?: Connection } };
  const client = blockingConnection?._client;
  for (const connection of client?.nodes?.() ?? [client]) connection?.stream?.destroy();
}
