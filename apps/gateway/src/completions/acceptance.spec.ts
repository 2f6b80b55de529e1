import { describe, expect, it } from 'vitest';
import type { LoadJob } from '#contracts';
import { SMOLLM } from '../__fakes__/fake-models.js';
import { worker } from '../__fakes__/fake-workers.js';
import { SETTINGS } from './__fixtures__/settings.js';
import { Acceptance, type CompletionCluster } from './acceptance.js';
import type { Admission } from './admission.js';
import type { CompletionRequest } from './completions.js';
import type { RecentJobs } from './recent-jobs.js';

/** The loads that a request for the model has asked for. */
async function loadsFor(model: string, sessions: readonly object[] = []): Promise<readonly LoadJob[]> {
  const loads: LoadJob[] = [];
  const cluster = {
    catalogue: { find: async () => SMOLLM },
    workers: { workers: () => [{ ...worker(), sessions }] },
    queue: { addLoad: async (_: string, job: LoadJob) => void loads.push(job) },
  };
  const admission = { admit: async () => ({ ahead: 0 }) };
  const acceptance = new Acceptance(
    cluster as unknown as CompletionCluster,
    admission as unknown as Admission,
    SETTINGS,
  );
  const request: CompletionRequest = {
    requestId: 'r',
    model,
    route: '/v1/chat/completions',
    body: '{}',
    streaming: true,
  };
  const placed = await acceptance.place(request, { gatewayId: 'gw', stream: 1 });
  await acceptance.accept(request, placed, { keep: () => undefined } as unknown as RecentJobs);
  return loads;
}

describe('Acceptance', () => {
  it('asks for a model that nobody holds by the full reference that the caller means', async () => {
    const reference = 'docker.io/ai/smollm2:latest';
    expect(await loadsFor('smollm2')).toEqual([
      { version: 1, modelId: SMOLLM.id, mode: 'completion', reference },
    ]);
  });

  it('asks for it by its id alone when the caller did', async () => {
    expect(await loadsFor(SMOLLM.id)).toEqual([{ version: 1, modelId: SMOLLM.id, mode: 'completion' }]);
  });

  it('asks for nothing when a worker has it ready', async () => {
    const session = { modelId: SMOLLM.id, mode: 'completion', state: 'ready', slots: 1, busy: 0 };
    expect(await loadsFor('smollm2', [session])).toEqual([]);
  });
});
