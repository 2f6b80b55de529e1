import { beforeAll, describe, expect, it } from 'vitest';
import {
  askChat,
  type ClusterWorker,
  eventually,
  isAlive,
  openChat,
  parseSse,
  type StreamedChat,
  streamChat,
  syntheticText,
  type SyntheticStats,
} from '#testing';
import { engineOf, statsOf } from './support/engines.js';
import { useCluster } from './support/use-cluster.js';

/** From the death of a worker to the end of what it had begun. */
const SOON = { within: 6_000, every: 50 };

/** Requests one session runs at once. */
const SLOTS = 4;

const shared = useCluster({ gateways: 2, workers: 2, engine: 'synthetic' });

let model = '';
beforeAll(async () => {
  model = (await shared.pulled('scripted')).reference;
  await streamChat(shared.cluster.gateway().url, { model, prompt: 'Hello' });
});

const living = (): readonly ClusterWorker[] => shared.cluster.workers.filter((worker) => worker.alive);

/** The worker that runs exactly so many requests. */
function workerWith(open: number): Promise<ClusterWorker> {
  const look = async (): Promise<ClusterWorker | undefined> => {
    for (const worker of living()) {
      const stats = await statsOf(worker).catch((): Partial<SyntheticStats> => ({}));
      if (stats.open === open) return worker;
    }
    return undefined;
  };
  return eventually(look, (worker) => worker !== undefined) as Promise<ClusterWorker>;
}

async function killWithEngine(worker: ClusterWorker): Promise<void> {
  const engine = engineOf(worker).pid;
  await worker.kill('SIGKILL');
  await eventually(() => !isAlive(engine), Boolean, {
    within: 3_000,
    what: 'the engine to die with its worker',
  });
}

describe('a worker that is killed', () => {
  it('before the first byte loses no request: another worker answers', async () => {
    const parameters = { max_tokens: 20, synthetic: { prefillMs: 1_500 } };
    const requests = shared.cluster.gateways.map(({ url }) =>
      streamChat(url, { model, prompt: 'Hi', parameters }),
    );
    const victim = await workerWith(2);
    await killWithEngine(victim);
    const chats: readonly StreamedChat[] = await Promise.all(requests);
    for (const { text, workerId } of chats) {
      expect(text).toBe(syntheticText(20));
      expect(workerId).not.toBe(victim.workerId);
    }
  });

  it('in mid-stream ends the stream with an error soon, and the next request is answered', async () => {
    const { url } = shared.cluster.gateway(1);
    const parameters = { max_tokens: 1_000_000, synthetic: { rate: 50 } };
    const stream = await openChat(url, { model, prompt: 'Hi', parameters });
    await eventually(() => stream.received().includes('t5'));
    const ended = stream.whole().then(
      () => 'complete',
      () => 'broken off',
    );
    const victim = await workerWith(1);
    expect(stream.headers['x-longshore-worker']).toBe(victim.workerId);
    const replacement = shared.cluster.addWorker();
    await killWithEngine(victim);
    await eventually(() => stream.received().includes('"error"'), Boolean, SOON);
    expect(await ended).toBe('broken off');
    const events = parseSse(stream.received());
    expect(JSON.parse(events.at(-1)?.data ?? '')).toMatchObject({
      error: { code: 'worker_lost', message: expect.stringContaining(victim.workerId) },
    });
    await replacement;
    const next = await streamChat(url, { model, prompt: 'Hi', parameters: { max_tokens: 3 } });
    expect(next.text).toBe(syntheticText(3));
  });

  it('without a stream is a request that another worker answers', async () => {
    const { url } = shared.cluster.gateway();
    await shared.cluster.addWorker();
    const parameters = { max_tokens: 100, synthetic: { rate: 50 } };
    const answer = askChat(url, { model, prompt: 'Hi', parameters });
    await killWithEngine(await workerWith(1));
    expect(await answer).toMatchObject({ status: 200, text: syntheticText(100) });
  });
});

describe('an engine that is killed', () => {
  it('in mid-stream ends the stream with a sentence, and is started again for the next request', async () => {
    const { url } = shared.cluster.gateway();
    const parameters = { max_tokens: 1_000_000, synthetic: { rate: 50 } };
    const stream = await openChat(url, { model, prompt: 'Hi', parameters });
    await eventually(() => stream.received().includes('t5'));
    const worker = await workerWith(1);
    const engine = engineOf(worker).pid;
    process.kill(engine, 'SIGKILL');
    await eventually(() => stream.received().includes('"error"'), Boolean, SOON);
    const events = parseSse(stream.received());
    expect(JSON.parse(events.at(-1)?.data ?? '')).toMatchObject({
      error: {
        code: 'engine_failed',
        message: expect.stringMatching(/The engine on worker \S+ broke off the answer: .*SIGKILL/),
      },
    });
    expect(worker.alive).toBe(true);
    const next = await streamChat(url, { model, prompt: 'Hi', parameters: { max_tokens: 3 } });
    expect(next.text).toBe(syntheticText(3));
  });

  it('takes no request with it that it was not running', async () => {
    const { url } = shared.cluster.gateway();
    const parameters = { max_tokens: 60, synthetic: { rate: 50 } };
    const requests = Array.from({ length: 16 }, () => askChat(url, { model, prompt: 'Hi', parameters }));
    const victim = await workerWith(SLOTS);
    process.kill(engineOf(victim).pid, 'SIGKILL');
    const statuses = (await Promise.all(requests)).map(({ status }) => status);
    expect(new Set(statuses)).toEqual(new Set([200, 500]));
    expect(statuses.filter((status) => status === 500).length).toBeLessThanOrEqual(SLOTS);
  });

  it('by itself, with SIGSEGV, is told to those who wait for it', async () => {
    const { url } = shared.cluster.gateway();
    const parameters = { max_tokens: 100, synthetic: { crashAfter: 5 } };
    const { status, json } = await askChat(url, { model, prompt: 'Hi', parameters });
    expect(status).toBe(500);
    expect(json).toMatchObject({
      error: { code: 'engine_failed', message: expect.stringContaining('SIGSEGV') },
    });
    const next = await streamChat(url, { model, prompt: 'Hi', parameters: { max_tokens: 3 } });
    expect(next.text).toBe(syntheticText(3));
  });
});
