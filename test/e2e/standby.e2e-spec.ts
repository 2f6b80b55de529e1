import { describe, expect, it } from 'vitest';
import { askChat, eventually, fixtureModel, publishModel, pullModelThrough, requestJson } from '#testing';
import { useCluster } from './support/use-cluster.js';

const shared = useCluster({
  gateways: 1,
  workers: 1,
  engine: 'synthetic',
  gatewayEnvironment: { LONGSHORE_STANDBY_VARIANTS: 'cpu' },
});

const workersAlive = async (): Promise<number> => {
  const { json } = await requestJson({ url: `${shared.cluster.gateway().url}/health/ready` });
  return (json as { details: { workers: { alive?: number } } }).details.workers.alive ?? 0;
};

describe('a cluster whose workers are started on demand', () => {
  it('lets a request wait for the first worker, shows scalers that it waits, and answers when one is there', async () => {
    const { url } = shared.cluster.gateway();
    const file = await fixtureModel('scripted');
    const { reference } = await publishModel({ registry: shared.registry, name: 'standby/model:1', file });
    await pullModelThrough(url, reference);
    await shared.cluster.worker().stop();
    await eventually(workersAlive, (alive) => alive === 0, { what: 'the worker to be gone' });

    const answered = askChat(url, { model: reference, prompt: 'say' });
    const metrics = async (): Promise<string> => (await fetch(`${url}/metrics`)).text();
    const waiting = /^longshore_queue_requests\{variant="cpu",.*state="waiting"\} 1$/m;
    await eventually(metrics, (text) => waiting.test(text), { what: 'the request in its queue' });

    await shared.cluster.addWorker();
    expect(await answered).toMatchObject({ status: 200, workerId: 'worker-2' });
  });
});
