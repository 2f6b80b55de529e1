import { beforeAll, describe, expect, it } from 'vitest';
import { type Cluster, eventually, openRequest } from '#testing';
import { running } from './support/engines.js';
import { requestIdOf, resume } from './support/resume.js';
import { completionJobs } from './support/redis-leftovers.js';
import { chatKind, embeddingKind, SteadyLoad } from './support/steady-load.js';
import { useCluster } from './support/use-cluster.js';

/** Less than streams last, so that some outlive the process that serves them. */
const DRAIN = { LONGSHORE_DRAIN_TIMEOUT: '1s' };

const shared = useCluster({
  gateways: 2,
  workers: 3,
  engine: 'synthetic',
  gatewayEnvironment: { ...DRAIN, LONGSHORE_LOG_RETENTION: '5s' },
  workerEnvironment: { ...DRAIN, LONGSHORE_SLOTS: '16' },
});

let model = '';
let vector = '';
beforeAll(async () => {
  model = (await shared.pulled('scripted')).reference;
  vector = (await (await embed('Hello')).whole()).toString();
});

function ask(url: string, parameters: object) {
  const messages = [{ role: 'user', content: 'Hello' }];
  return openRequest({ url: `${url}/v1/chat/completions`, body: { model, messages, ...parameters } });
}

function embed(input: string) {
  return openRequest({ url: `${shared.cluster.gateway().url}/v1/embeddings`, body: { model, input } });
}

/** Every process in turn: the old one ends in good order, then the new one is begun. */
async function replaceAll(cluster: Cluster): Promise<void> {
  for (const { name } of cluster.workers) {
    await cluster.workers.find((worker) => worker.name === name)?.stop();
    await cluster.restartWorker(name);
  }
  for (const { name } of cluster.gateways) {
    await cluster.gateways.find((gateway) => gateway.name === name)?.stop();
    await cluster.restartGateway(name);
  }
}

describe('a busy cluster of which every process is replaced, one after the other', () => {
  it('fails no request, gives every byte once and leaves nothing running', async () => {
    const { cluster } = shared;
    const pids = [...cluster.gateways, ...cluster.workers].map(({ pid }) => pid);
    const load = new SteadyLoad(
      () => cluster.gateways.map(({ url }) => url),
      [
        ...[2, 2.5, 3, 3.5, 4, 4.5, 5, 6].map((seconds) => chatKind(model, 40 * seconds, seconds, true)),
        ...[0.3, 0.7, 1.5, 2.5].map((seconds) => chatKind(model, 20, seconds, false)),
        ...Array.from({ length: 2 }, () => embeddingKind(model, 'Hello', vector)),
      ],
    );
    await eventually(() => load.answered > 10);
    await replaceAll(cluster);
    const { finished, moves, resumed, failures } = await load.stop();
    console.info(
      `${finished} answers, ${resumed} of them from two gateways; ${moves} times one was passed over`,
    );
    expect(failures).toEqual([]);
    expect(moves).toBeGreaterThan(0);
    expect(resumed).toBeGreaterThan(0);
    const fresh = [...cluster.gateways, ...cluster.workers].map(({ pid }) => pid);
    expect(fresh.filter((pid) => pids.includes(pid))).toEqual([]);
    await eventually(async () => (await completionJobs(cluster.redis.url)).length === 0);
    await eventually(
      () => running(cluster.workers),
      (open) => open === 0,
      { what: 'all engines to be idle' },
    );
  });
});

describe('a gateway that is asked to stop', () => {
  it('tells also those whose answer has not begun where it will be', async () => {
    const { cluster } = shared;
    const [leaving, heir] = [cluster.gateway(0), cluster.gateway(1)];
    const asked = [
      { stream: false, max_tokens: 20, synthetic: { rate: 20 / 6 } },
      { stream: true, max_tokens: 20, synthetic: { prefillMs: 6_000 } },
    ].map((parameters) => ask(leaving.url, parameters));
    await eventually(async () => (await running(cluster.workers)) === 2);
    await leaving.stop();
    for (const response of await Promise.all(asked)) {
      const id = requestIdOf(response);
      // A stream that was told that it waits breaks off; it has a status already.
      await response.whole().catch(() => undefined);
      expect(response.received().toString()).toContain(`the answer is at /v1/streams/${id} of any other`);
      expect(response.received().toString()).toContain('"code":"shutting_down"');
      const rest = await resume(heir.url, id);
      expect(rest.status).toBe(200);
      expect((await rest.whole()).toString()).toContain('t20');
    }
    await cluster.restartGateway(leaving.name);
  });
});
