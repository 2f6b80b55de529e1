import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { requestJson } from '#testing';
import { SMOLLM } from '../__fakes__/fake-models.js';
import { type FakeGateway, startFakeGateway } from '../__fakes__/start-fake-gateway.js';

let fake: FakeGateway;
beforeEach(async () => void (fake = await startFakeGateway()));
afterEach(() => fake.gateway.stop(0));

const scrape = async (): Promise<string> => await (await fetch(`${fake.url}/metrics`)).text();

describe('the metrics of the cluster', () => {
  it('tell what waits and what runs in every room, by the name of the model', async () => {
    const room = { variant: 'cuda', modelId: SMOLLM.id, mode: 'completion' } as const;
    fake.cluster.rooms.rooms = [{ ...room, waiting: 7, active: 3 }];
    const labels = 'variant="cuda",gen_ai_request_model="docker.io/ai/smollm2:latest",mode="completion"';
    const text = await scrape();
    expect(text).toContain(`longshore_queue_requests{${labels},state="waiting"} 7\n`);
    expect(text).toContain(`longshore_queue_requests{${labels},state="active"} 3\n`);
    fake.cluster.rooms.rooms = [];
    expect(await scrape()).not.toContain('longshore_queue_requests{');
  });

  it('count the workers that are alive, for variants without one too', async () => {
    expect(await scrape()).toContain('longshore_workers{variant="cpu"} 1\n');
    expect(await scrape()).toContain('longshore_workers{variant="rocm"} 0\n');
    fake.cluster.workers.lose('w1');
    expect(await scrape()).toContain('longshore_workers{variant="cpu"} 0\n');
  });

  it('tell the memory of each worker, and nothing of one that has gone', async () => {
    const worker = 'longshore_worker_memory_bytes{worker="w1",variant="cpu",state=';
    const text = await scrape();
    expect(text).toContain(`${worker}"total"}`);
    expect(text).toContain(`${worker}"free"}`);
    fake.cluster.workers.lose('w1');
    expect(await scrape()).not.toContain(worker);
  });

  it('say that Redis is away, and everything else all the same', async () => {
    expect(await scrape()).toContain('longshore_redis_up 1\n');
    fake.cluster.rooms.reachable = false;
    const text = await scrape();
    expect(text).toContain('longshore_redis_up 0\n');
    expect(text).toContain('longshore_workers{variant="cpu"} 1\n');
    expect((await requestJson({ url: `${fake.url}/version` })).status).toBe(200);
  });
});
