import { expect, it } from 'vitest';
import { ResponseStream, type ResponseRequests } from '#streaming';
import { SMOLLM } from '../__fakes__/fake-models.js';
import { worker } from '../__fakes__/fake-workers.js';
import { SETTINGS } from './__fixtures__/settings.js';
import type { CompletionCluster } from './acceptance.js';
import { CompletionService } from './completion.service.js';

it('is over at once, with its job out of the queue, for a client that goes away while its model is looked up', async () => {
  const client = new AbortController();
  const jobs = new Set<string>();
  const session = { modelId: SMOLLM.id, mode: 'completion', state: 'ready', slots: 1, busy: 0 };
  const cluster = {
    gatewayId: 'g',
    catalogue: {
      find: async () => {
        client.abort();
        return SMOLLM;
      },
    },
    frames: {
      allocate: () => 1,
      register: (_: number, requests: ResponseRequests) => new ResponseStream(requests, 0),
      close: () => undefined,
    },
    control: { send: async () => 1 },
    workers: {
      workers: () => [{ ...worker(), sessions: [session] }],
      onLost: () => () => undefined,
    },
    queue: {
      addCompletion: async (_: string, { requestId }: { requestId: string }) => {
        jobs.add(requestId);
        return { ahead: 0 };
      },
      addLoad: async () => undefined,
      removeCompletion: async (_: string, requestId: string) => jobs.delete(requestId),
    },
    records: { reachable: true },
  };
  const completions = new CompletionService(cluster as unknown as CompletionCluster, SETTINGS);
  const request = {
    requestId: 'r',
    model: 'smollm2',
    route: '/v1/chat/completions',
    body: '{}',
    streaming: true,
  } as const;
  await expect(completions.run(request, client.signal)).rejects.toThrow('The client went away.');
  expect([...jobs]).toEqual([]);
  completions.stop();
});
