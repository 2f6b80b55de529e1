import { execFile } from 'node:child_process';
import { realpath } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, openChat, type OpenResponse, openRequest, streamChat, syntheticText } from '#testing';
import { eventsOf } from './support/broken-streams.js';
import { running } from './support/engines.js';
import { buildPreviousRelease, type PreviousRelease } from './support/previous-release.js';
import { completionJobs, cutSubscribers } from './support/redis-leftovers.js';
import { wholeEvents } from './support/resume.js';
import { chatKind, embeddingKind, SteadyLoad } from './support/steady-load.js';
import { useCluster } from './support/use-cluster.js';

let previous: PreviousRelease;
beforeAll(async () => {
  previous = await buildPreviousRelease();
});
afterAll(() => previous.remove());

/** Names of processes that run the previous release; the others run this one. */
const old = (...names: readonly string[]) => ({
  releaseOf: (name: string) => (names.includes(name) ? previous.path : undefined),
});

const chat = (url: string, model: string, tokens: number, rate: number): Promise<OpenResponse> =>
  openChat(url, { model, prompt: 'Hello', parameters: { max_tokens: tokens, synthetic: { rate } } });

/** The events of a stream that may have broken off, without the error it may end with. */
async function eventsIn(stream: OpenResponse): Promise<{ events: string[]; error: string | undefined }> {
  await stream.whole().catch(() => undefined);
  // Releases do not agree on which of its names a model is served under.
  const text = eventsOf(stream.received()).replaceAll(/"model":"[^"]*"/g, '"model":""');
  const events = wholeEvents(Buffer.from(text));
  const error = events.at(-1)?.includes('"error"') ? events.pop() : undefined;
  return { events, error };
}

describe('the previous release', () => {
  it('says how it can be had when the history does not go back so far', async () => {
    const build = buildPreviousRelease('0123456789abcdef0123456789abcdef01234567');
    await expect(build).rejects.toThrow(
      /commit 0123456789abcdef\w+, is not in the history.*git fetch --unshallow/,
    );
  });

  it('runs its own libraries', async () => {
    const ask = `console.log(import.meta.resolve('#contracts'))`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', ask], {
      cwd: previous.path,
    });
    expect(stdout.trim()).toBe(
      `${pathToFileURL(await realpath(previous.path)).href}/dist/libs/contracts/src/index.js`,
    );
  });
});

describe.each([
  { what: 'a gateway of the previous release with a worker of this one', names: ['gateway-1'] },
  { what: 'a gateway of this release with a worker of the previous one', names: ['worker-1'] },
])('$what', ({ names }) => {
  const shared = useCluster({ gateways: 1, workers: 1, engine: 'synthetic', ...old(...names) });
  let model = '';
  let url = '';
  beforeAll(async () => {
    model = (await shared.pulled('scripted')).reference;
    url = shared.cluster.gateway().url;
  });

  it('answers chats, streamed and not', async () => {
    for (const stream of [true, false]) {
      const { path, body, check } = chatKind(model, 30, 0.3, stream);
      // The head of a stream that was told how long it waits goes out before anybody knows who will answer.
      const headers = { 'x-queue-notices': 'off' };
      const response = await openRequest({ url: `${url}${path}`, body, headers });
      expect([response.status, response.headers['x-longshore-worker']]).toEqual([200, 'worker-1']);
      check(await response.whole());
    }
  });

  it('passes on what the engine refuses', async () => {
    const { path, body } = chatKind(model, 5, 1, false);
    const refused = await openRequest({
      url: `${url}${path}`,
      body: { ...body, synthetic: { refuse: 418 } },
    });
    expect(refused.status).toBe(418);
    expect((await refused.whole()).toString()).toContain('asked to refuse');
  });

  it('stops the engine when the client hangs up', async () => {
    const stream = await chat(url, model, 100_000, 100);
    await eventually(() => stream.received().includes(' t5"'));
    stream.hangUp();
    await eventually(
      () => running(shared.cluster.workers),
      (open) => open === 0,
      { within: 20_000 },
    );
    const jobs = () => completionJobs(shared.cluster.redis.url);
    expect(await eventually(jobs, (left) => left.length === 0)).toEqual([]);
  });

  it('waits for slow readers', async () => {
    const stream = await chat(url, model, 20_000, 0);
    stream.pause();
    await new Promise((resolve) => setTimeout(resolve, 500));
    stream.resume();
    expect((await eventsIn(stream)).events).toHaveLength(20_003);
  });

  it('gets back what was missed while nobody listened', async () => {
    const stream = await chat(url, model, 120, 100);
    await eventually(() => stream.received().includes(' t20"'));
    expect(await cutSubscribers(shared.cluster.redis.url)).toBeGreaterThan(1);
    const { check } = chatKind(model, 120, 1.2, true);
    check(await stream.whole());
  });

  it('embeds', async () => {
    const embed = () => openRequest({ url: `${url}/v1/embeddings`, body: { model, input: 'Hello' } });
    const [first, second] = [await embed(), await embed()];
    expect([first.status, second.status]).toEqual([200, 200]);
    expect(await first.whole()).toEqual(await second.whole());
  });

  it('says so when the worker is killed in the middle of an answer', async () => {
    const stream = await chat(url, model, 300, 100);
    await eventually(() => stream.received().includes(' t20"'));
    await shared.cluster.worker().kill();
    const { events, error } = await eventsIn(stream);
    expect(error).toContain('worker_lost');
    await shared.cluster.restartWorker('worker-1');
    const { text } = await streamChat(url, {
      model,
      prompt: 'Hello',
      parameters: { max_tokens: 300 },
    });
    expect(text).toBe(syntheticText(300));
    const again = await eventsIn(await chat(url, model, 300, 0));
    expect(events).toEqual(again.events.slice(0, events.length));
  });
});

const TOKENS = 300;

interface BegunStream {
  /** 0 is of the previous release. */
  readonly gateway: number;
  /** Empty when it had to wait, so that its head came before anybody had taken it. */
  readonly worker: string;
  readonly response: OpenResponse;
}

type EndedStream = Omit<BegunStream, 'response'> & Awaited<ReturnType<typeof eventsIn>>;

/** Begun, and not about to end. */
function isInMidst(stream: OpenResponse): boolean {
  const received = stream.received();
  return received.includes(' t5"') && !received.includes(` t${TOKENS - 50}"`);
}

describe('gateways and workers of both releases on one Redis', () => {
  const shared = useCluster({
    gateways: 2,
    workers: 4,
    engine: 'synthetic',
    workerEnvironment: { LONGSHORE_SLOTS: '8' },
    ...old('gateway-1', 'worker-1', 'worker-2'),
  });
  let model = '';
  beforeAll(async () => {
    model = (await shared.pulled('scripted')).reference;
  });

  const open = (): Promise<OpenResponse[]> =>
    Promise.all(shared.cluster.gateways.map(({ url }) => chat(url, model, TOKENS, 100)));

  /** Begins streams through both gateways until a worker is in the midst of some of each. */
  async function occupy(name: string): Promise<BegunStream[]> {
    const streams: BegunStream[] = [];
    const inMidst = (gateway: number): boolean =>
      streams.some((each) => each.gateway === gateway && each.worker === name && isInMidst(each.response));
    while (!inMidst(0) || !inMidst(1)) {
      for (const [gateway, response] of (await open()).entries()) {
        streams.push({ gateway, response, worker: String(response.headers['x-longshore-worker'] ?? '') });
      }
    }
    return streams;
  }

  /**
   * Kills a worker that is in the midst of streams of both gateways, and checks what comes of each: the whole answer, or
   * how it begins and that its worker is lost.
   * @returns the streams that were the killed worker's
   */
  async function kill(name: string): Promise<EndedStream[]> {
    const { cluster } = shared;
    const { events: expected } = await eventsIn(await chat(cluster.gateway().url, model, TOKENS, 0));
    const begun = (await occupy(name)).filter(({ response }) => isInMidst(response));
    await cluster.workers.find((worker) => worker.name === name)?.kill();
    const ended = await Promise.all(
      begun.map(async ({ response, ...from }) => ({ ...from, ...(await eventsIn(response)) })),
    );
    await cluster.restartWorker(name);
    for (const { events } of ended) {
      expect(events.find((event, index) => event !== expected[index])).toBeUndefined();
    }
    const whole = ended.filter(({ error }) => error === undefined);
    const broken = ended.filter(({ error }) => error !== undefined);
    console.info(`${whole.length} streams are whole, ${broken.length} of ${name} broke off`);
    expect(whole.filter(({ events }) => events.length < expected.length)).toEqual([]);
    expect(broken.filter(({ error }) => !error?.includes('worker_lost'))).toEqual([]);
    expect(broken.filter(({ worker }) => worker !== name && worker !== '')).toEqual([]);
    // The gateway of the previous release knows of no going on.
    expect(whole.filter(({ worker, gateway }) => worker === name && gateway === 0)).toEqual([]);
    return ended.filter(({ worker }) => worker === name);
  }

  it.each(['worker-4', 'worker-2'])('give no wrong byte and none twice when %s is killed', async (name) => {
    expect(await kill(name)).not.toEqual([]);
  });

  it('go on with what the gateway of this release began, once all workers are of this one', async () => {
    const { workers } = shared.cluster;
    await Promise.all([workers[0]?.stop(), workers[1]?.stop()]);
    const streams = (await kill('worker-3')).filter(({ gateway }) => gateway === 1);
    expect(streams.map(({ error }) => error)).toEqual(streams.map(() => undefined));
  });
});

describe('a busy cluster of the previous release that is upgraded, one process after the other', () => {
  const still = new Set(['gateway-1', 'gateway-2', 'worker-1', 'worker-2']);
  const shared = useCluster({
    gateways: 2,
    workers: 2,
    engine: 'synthetic',
    workerEnvironment: { LONGSHORE_SLOTS: '16' },
    releaseOf: (name) => (still.has(name) ? previous.path : undefined),
  });

  it('fails no request', async () => {
    const { cluster } = shared;
    const { reference: model } = await shared.pulled('scripted');
    const url = cluster.gateway().url;
    const vector = await openRequest({ url: `${url}/v1/embeddings`, body: { model, input: 'Hello' } });
    const load = new SteadyLoad(
      () => cluster.gateways.map((gateway) => gateway.url),
      [
        ...[0.5, 1, 1.5, 2].map((seconds) => chatKind(model, 40 * seconds, seconds, true)),
        ...[0.2, 0.6, 1.2].map((seconds) => chatKind(model, 20, seconds, false)),
        embeddingKind(model, 'Hello', (await vector.whole()).toString()),
      ],
    );
    await eventually(() => load.answered > 10);
    for (const name of ['worker-1', 'gateway-1', 'worker-2', 'gateway-2']) {
      still.delete(name);
      const all = [...cluster.gateways, ...cluster.workers];
      await all.find((process) => process.name === name)?.stop();
      if (name.startsWith('gateway')) await cluster.restartGateway(name);
      else await cluster.restartWorker(name);
    }
    const { finished, moves, failures } = await load.stop();
    console.info(`${finished} answers; ${moves} times a gateway was passed over`);
    expect(failures).toEqual([]);
  });
});
