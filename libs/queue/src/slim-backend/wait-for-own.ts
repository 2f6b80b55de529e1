import type { RedisQueueBackend } from 'bullmq';

interface BlockingClient {
  bzpopmin(...keysAndTimeout: readonly (string | number)[]): Promise<unknown>;
}

/** Makes the waits of a backend end also for jobs that are kept for the worker. */
export function waitForOwn(backend: RedisQueueBackend, workerId: string): void {
  const waitForJob = backend.waitForJob.bind(backend);
  let listening: BlockingClient | undefined;
  backend.waitForJob = async (timeout) => {
    // Of this backend alone, and the same through all of its connections.
    const client = (await backend.blockingClient) as unknown as BlockingClient | undefined;
    if (client !== undefined && client !== listening) {
      const bzpopmin = client.bzpopmin.bind(client);
      client.bzpopmin = (marker, ...rest) => bzpopmin(`${marker}:${workerId}`, marker ?? '', ...rest);
      listening = client;
    }
    return waitForJob(timeout);
  };
}
