import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  askChat,
  type ClusterWorker,
  eventually,
  isAlive,
  openChat,
  openRequest,
  parseSse,
  streamChat,
  syntheticText,
  type SyntheticStats,
} from '#testing';
import { longestSilence, eventsOf } from './support/broken-streams.js';
import { engineOf, running, statsOf } from './support/engines.js';
import { useCluster } from './support/use-cluster.js';

/**
 * From the death of a worker or an engine to the next token; some 2 s, and this machine may be busy. Where it is so busy
 * that the start of a worker took longer, as long as that.
 */
const STALL_MS = 12_000;
let stallLimit = STALL_MS;

/**
 * A new worker takes no job for abandoned at first, because it cannot know whether Redis was away. With three, there is
 * always one more that has been there for long.
 */
const WORKERS = 3;

/** Requests one session runs at once. */
const SLOTS = 4;

// The last one is started where the time of it is taken.
const shared = useCluster({ gateways: 2, workers: WORKERS - 1, engine: 'synthetic' });

let model = '';
beforeAll(async () => {
  model = (await shared.pulled('scripted')).reference;
  await streamChat(shared.cluster.gateway().url, { model, prompt: 'Hello' });
});
beforeEach(async () => {
  await eventually(
    () => running(living()),
    (open) => open === 0,
    { what: 'the engines to be idle' },
  );
  while (living().length < WORKERS) {
    const begun = performance.now();
    await shared.cluster.addWorker();
    stallLimit = Math.max(STALL_MS, performance.now() - begun);
  }
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

/** The worker that runs the most requests. */
async function busiestWorker(): Promise<ClusterWorker> {
  const open = async (worker: ClusterWorker) => ({ worker, open: await running([worker]) });
  const look = async () =>
    (await Promise.all(living().map(open))).reduce((most, next) => (next.open > most.open ? next : most));
  return (await eventually(look, (most) => most.open > 0, { what: 'a worker to be busy' })).worker;
}

async function killWithEngine(worker: ClusterWorker): Promise<void> {
  const engine = engineOf(worker).pid;
  await worker.kill('SIGKILL');
  await eventually(() => !isAlive(engine), Boolean, {
    within: 20_000,
    what: 'the engine to die with its worker',
  });
}

/** The very bytes of an answer that nothing disturbs. */
async function undisturbed(tokens: number): Promise<string> {
  const { url } = shared.cluster.gateway();
  const parameters = { max_tokens: tokens, stream_options: { include_usage: true } };
  const stream = await openChat(url, { model, prompt: 'Hi', parameters });
  return eventsOf(await stream.whole());
}

/** A stream of that many tokens at 50 a second, in its midst. */
async function midStream(tokens: number) {
  const { url } = shared.cluster.gateway(1);
  const synthetic = { rate: 50 };
  const parameters = { max_tokens: tokens, stream_options: { include_usage: true }, synthetic };
  const stream = await openChat(url, { model, prompt: 'Hi', parameters });
  await eventually(() => stream.received().includes(' t5"'));
  return { stream, worker: await workerWith(1) };
}

describe('a worker that is killed', () => {
  it('before the first byte loses no request: another worker answers', async () => {
    const parameters = { max_tokens: 20, synthetic: { prefillMs: 3_000 } };
    const requests = shared.cluster.gateways.map(({ url }) =>
      streamChat(url, { model, prompt: 'Hi', parameters }),
    );
    const victim = await workerWith(2);
    await killWithEngine(victim);
    for (const { text, workerId } of await Promise.all(requests)) {
      expect(text).toBe(syntheticText(20));
      expect(workerId).not.toBe(victim.workerId);
    }
  });

  it('in mid-stream is not seen by the client: every byte comes once, after a short silence', async () => {
    const { stream, worker } = await midStream(150);
    await killWithEngine(worker);
    expect(eventsOf(await stream.whole())).toBe(await undisturbed(150));
    expect(longestSilence(stream)).toBeLessThan(stallLimit);
  });

  it('in mid-stream of several clients at once, and again while the next one goes on, is not seen either', async () => {
    const expected = await undisturbed(300);
    const streams = await Promise.all(
      shared.cluster.gateways.map(({ url }) => {
        const parameters = {
          max_tokens: 300,
          stream_options: { include_usage: true },
          synthetic: { rate: 50 },
        };
        return openChat(url, { model, prompt: 'Hi', parameters });
      }),
    );
    for (const token of [' t5"', ' t100"']) {
      await eventually(() => streams.every((stream) => stream.received().includes(token)));
      await killWithEngine(await busiestWorker());
      await shared.cluster.addWorker();
    }
    for (const stream of streams) expect(eventsOf(await stream.whole())).toBe(expected);
  });

  it('without a stream is a request that another worker answers', async () => {
    const { url } = shared.cluster.gateway();
    const parameters = { max_tokens: 100, synthetic: { rate: 50 } };
    const answer = askChat(url, { model, prompt: 'Hi', parameters });
    await killWithEngine(await workerWith(1));
    expect(await answer).toMatchObject({ status: 200, text: syntheticText(100) });
  });
});

describe('a worker that stands still', () => {
  it('for 10 s loses its streams to another, and says nothing more of them when it wakes', async () => {
    const { stream, worker } = await midStream(700);
    worker.pause();
    await sleep(10_000);
    try {
      await eventually(() => stream.received().includes(' t50"'), Boolean, {
        what: 'another worker to go on',
      });
    } finally {
      worker.resume();
    }
    expect(eventsOf(await stream.whole())).toBe(await undisturbed(700));
    expect(longestSilence(stream)).toBeLessThan(stallLimit);
    expect(worker.alive).toBe(true);
    await eventually(async () => (await statsOf(worker)).open === 0, Boolean, {
      what: 'the woken worker to let go of what others have finished',
    });
  });
});

describe('an engine that is killed', () => {
  it('in mid-stream is not seen by the client: every byte comes once, after a short silence', async () => {
    const { stream, worker } = await midStream(150);
    process.kill(engineOf(worker).pid, 'SIGKILL');
    expect(eventsOf(await stream.whole())).toBe(await undisturbed(150));
    expect(longestSilence(stream)).toBeLessThan(stallLimit);
    expect(worker.alive).toBe(true);
  });

  it('takes none of the requests with it that it was running, nor of those that wait', async () => {
    const { url } = shared.cluster.gateway();
    const parameters = { max_tokens: 60, synthetic: { rate: 50 } };
    const requests = Array.from({ length: 16 }, () => askChat(url, { model, prompt: 'Hi', parameters }));
    const victim = await workerWith(SLOTS);
    process.kill(engineOf(victim).pid, 'SIGKILL');
    for (const { status, text } of await Promise.all(requests))
      expect({ status, text }).toEqual({ status: 200, text: syntheticText(60) });
  });
});

describe('a request that ends every engine', () => {
  it('is given up at the third, and its caller is told how that one ended', async () => {
    const { url } = shared.cluster.gateway();
    const parameters = { max_tokens: 100, synthetic: { crashAfter: 5 } };
    const { status, json } = await askChat(url, { model, prompt: 'Hi', parameters });
    expect(status).toBe(500);
    expect(json).toMatchObject({
      error: { code: 'poison_request', message: expect.stringContaining('SIGSEGV') },
    });
    const next = await streamChat(url, { model, prompt: 'Hi', parameters: { max_tokens: 3 } });
    expect(next.text).toBe(syntheticText(3));
  });

  it('before the first byte is given up as well', async () => {
    const { url } = shared.cluster.gateway();
    const parameters = { max_tokens: 100, synthetic: { crashAfter: 0 } };
    const { status, json } = await askChat(url, { model, prompt: 'Hi', parameters });
    expect(status).toBe(500);
    expect(json).toMatchObject({ error: { code: 'poison_request' } });
  });

  it('in mid-stream ends with an event that says so, behind what had come', async () => {
    const { url } = shared.cluster.gateway();
    const parameters = { max_tokens: 100, synthetic: { crashAfter: 7, rate: 50 } };
    const stream = await openChat(url, { model, prompt: 'Hi', parameters });
    await stream.whole().catch(() => undefined);
    const events = parseSse(stream.received());
    expect(events.filter(({ data }) => data?.includes('"t1"'))).toHaveLength(1);
    expect(JSON.parse(events.at(-1)?.data ?? '')).toMatchObject({ error: { code: 'poison_request' } });
  });
});

describe('embeddings', () => {
  it('are answered although workers and engines die', async () => {
    const { url } = shared.cluster.gateway();
    const ask = async (input: string): Promise<unknown> => {
      const answer = await openRequest({ url: `${url}/v1/embeddings`, body: { model, input } });
      expect(answer.status).toBe(200);
      return JSON.parse((await answer.whole()).toString()).data[0].embedding;
    };
    const expected = await ask('text');
    const [victim] = living();
    const answers = Array.from({ length: 40 }, async (_, index) => {
      await sleep(index * 25);
      return ask('text');
    });
    await sleep(300);
    await victim?.kill('SIGKILL');
    for (const embedding of await Promise.all(answers)) expect(embedding).toEqual(expected);
  });
});
