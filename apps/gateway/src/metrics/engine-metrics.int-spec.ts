import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SMOLLM } from '../__fakes__/fake-models.js';
import { FakeStoreServer, refuse, type StoreReply } from '../__fakes__/fake-store-server.js';
import { ask, fake, useGateway } from '../engines/__fixtures__/use-gateway.js';

useGateway();

let stores: FakeStoreServer[];
beforeEach(async () => {
  stores = await Promise.all([FakeStoreServer.start(), FakeStoreServer.start()]);
  fake.cluster.workers.alive = stores.map((store, index) => store.announcement(`w${index + 1}`, []));
});
afterEach(() => Promise.all(stores.map((store) => store.stop())));

const says =
  (body: string): StoreReply =>
  (_call, response) =>
    void response.writeHead(200, { 'content-type': 'application/json' }).end(body);
const telling = (value: number): StoreReply =>
  says(
    JSON.stringify({
      engines: [
        {
          modelId: SMOLLM.id,
          mode: 'completion',
          engine: 'llama.cpp',
          text: `# TYPE llamacpp:requests_processing gauge\nllamacpp:requests_processing ${value}\n`,
        },
      ],
    }),
  );
const answer = (index: number, reply: StoreReply): unknown =>
  stores[index]?.answers.set('GET /v1/engine-metrics', reply);
const unanswered = (text: string): string | undefined =>
  /^longshore_unanswered_scrapes_total (\d+)$/m.exec(text)?.[1];

describe('GET /metrics', () => {
  it('shows the metrics of all engines beside those of the gateway', async () => {
    answer(0, telling(1));
    answer(1, telling(2));
    const [status, text] = await ask('GET', '/metrics');
    expect(status).toBe(200);
    expect(text).toContain('# TYPE longshore_http_requests_total counter');
    const labels = 'variant="cpu",backend="llama.cpp",model="docker.io/ai/smollm2:latest",mode="completion"';
    expect(text).toContain(
      `# TYPE llamacpp:requests_processing gauge
llamacpp:requests_processing{worker="w1",${labels}} 1
llamacpp:requests_processing{worker="w2",${labels}} 2
`,
    );
    expect(unanswered(text)).toBe('0');
  });

  it('shows what workers tell of themselves, with the names of models', async () => {
    const own = (value: number): string =>
      `# HELP longshore_worker_loads_total Loads.\n# TYPE longshore_worker_loads_total counter\nlongshore_worker_loads_total{model="${SMOLLM.id}"} ${value}\n`;
    answer(0, says(JSON.stringify({ engines: [], worker: own(3) })));
    answer(1, says(JSON.stringify({ engines: [], worker: own(4) })));
    const [, text] = await ask('GET', '/metrics');
    const model = 'model="docker.io/ai/smollm2:latest"';
    expect(text).toContain(
      `# HELP longshore_worker_loads_total Loads.
# TYPE longshore_worker_loads_total counter
longshore_worker_loads_total{worker="w1",variant="cpu",${model}} 3
longshore_worker_loads_total{worker="w2",variant="cpu",${model}} 4
`,
    );
    expect(unanswered(text)).toBe('0');
  });

  it.each<[string, StoreReply]>([
    ['refuses', (_call, response) => refuse(response, 500, 'internal', 'No.')],
    ['talks nonsense', says('nonsense')],
    ['answers with no list', says('{"engines":5}')],
    ['breaks off', (_call, response) => void response.writeHead(200).write('{', () => response.destroy())],
    ['never answers', () => undefined],
    ['never ends', (_call, response) => void response.writeHead(200).write('{')],
    ['says too much', says(`"${'x'.repeat(9 * 1024 * 1024)}"`)],
  ])('leaves out and counts a worker that %s', async (_what, reply) => {
    answer(0, telling(1));
    answer(1, reply);
    const [status, text] = await ask('GET', '/metrics');
    expect(status).toBe(200);
    expect(text).toContain('llamacpp:requests_processing{worker="w1"');
    expect(text).not.toContain('llamacpp:requests_processing{worker="w2"');
    expect(unanswered(text)).toBe('1');
  });

  it('is asked with a token of the cluster, also when the secret has changed', async () => {
    answer(0, telling(1));
    answer(1, telling(2));
    await ask('GET', '/metrics');
    const renewed = 'cd'.repeat(32);
    fake.cluster.storeSecret.kept = renewed;
    for (const store of stores) store.secret.value = renewed;
    expect(unanswered((await ask('GET', '/metrics'))[1])).toBe('0');
  });
});
