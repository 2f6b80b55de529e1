import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { SessionAnnouncement, WorkerAnnouncement } from '#contracts';
import {
  askChat,
  assembleChat,
  type ClusterWorker,
  eventually,
  type OpenResponse,
  openChat,
  openRequest,
  parseSse,
  type ProcessVariables,
  requestJson,
  streamChat,
  syntheticEnginePath,
  syntheticText,
} from '#testing';
import { announcementsOf } from './support/announcements.js';
import { enginesOf } from './support/engines.js';
import { hearLoads } from './support/load-events.js';
import { useCluster } from './support/use-cluster.js';

/** The scripted model is estimated to take some 110 MiB, the random one some 210. */
const ROOM_FOR_ONE = '250MiB';

const SMALL = { LONGSHORE_SLOTS: '2', LONGSHORE_CONTEXT_SIZE: '512', LONGSHORE_MEMORY: ROOM_FOR_ONE };

/** Engines and workers start slowly on a busy machine. */
const PATIENCE = { within: 60_000 };

const shared = useCluster({ gateways: 1, workers: 0, engine: 'synthetic' });

let scripted = '';
let random = '';
let embedding = '';
let workers: ClusterWorker[] = [];
const streams: OpenResponse[] = [];

beforeAll(async () => {
  const worker = await shared.cluster.addWorker();
  scripted = (await shared.pulled('scripted')).reference;
  random = (await shared.pulled('random')).reference;
  embedding = (await shared.pulled('embedding')).reference;
  await worker.stop();
});
afterEach(async () => {
  for (const stream of streams.splice(0)) stream.hangUp();
  await Promise.all(workers.splice(0).map((worker) => worker.stop()));
});

async function startWorker(variables: ProcessVariables = {}): Promise<ClusterWorker> {
  const worker = await shared.cluster.addWorker(variables);
  workers.push(worker);
  return worker;
}

const url = (): string => shared.cluster.gateway().url;

const ask = (model: string) => askChat(url(), { model, prompt: 'Hello', parameters: { max_tokens: 3 } });

const announced = async (worker: ClusterWorker): Promise<WorkerAnnouncement | undefined> =>
  (await announcementsOf(shared.cluster.redis.url)).find(({ workerId }) => workerId === worker.workerId);

const sessionsOf = async (worker: ClusterWorker): Promise<readonly SessionAnnouncement[]> =>
  (await announced(worker))?.sessions ?? [];

/** A stream that goes on until it is ended. */
async function occupy(model: string): Promise<OpenResponse> {
  const parameters = { max_tokens: 100_000, synthetic: { rate: 50 } };
  const stream = await openChat(url(), { model, prompt: 'Hello', parameters });
  streams.push(stream);
  await eventually(() => stream.received().includes(' t3"'), Boolean, PATIENCE);
  return stream;
}

async function configure(body: object): Promise<number> {
  const response = await openRequest({ url: `${url()}/engines/_configure`, body });
  await response.whole();
  return response.status;
}

const contextOf = (worker: ClusterWorker): string[] =>
  enginesOf(worker).map(({ command }) => /--ctx-size (\d+)/.exec(command)?.[1] ?? '');

describe('memory', () => {
  it('for a second model is made by ending the first, which is idle', async () => {
    const worker = await startWorker(SMALL);
    expect((await ask(scripted)).status).toBe(200);
    expect((await ask(random)).status).toBe(200);
    expect(enginesOf(worker)).toHaveLength(1);
    expect((await ask(scripted)).status).toBe(200);
    expect(enginesOf(worker)).toHaveLength(1);
  });

  it('is only estimated: a model in use stays, and the other is tried beside it', async () => {
    const worker = await startWorker(SMALL);
    const stream = await occupy(scripted);
    expect((await ask(random)).status).toBe(200);
    expect(enginesOf(worker)).toHaveLength(2);
    stream.hangUp();
  });

  it('is taken from the idle model when an engine finds too little, whatever was estimated', async () => {
    const engine = await syntheticEnginePath({ engineLimit: 1 });
    const worker = await startWorker({ LLAMA_SERVER_PATH: engine });
    expect((await ask(scripted)).status).toBe(200);
    expect((await ask(random)).status).toBe(200);
    expect(enginesOf(worker)).toHaveLength(1);
  });

  it('that is in use is waited for when nothing else helps', async () => {
    const engine = await syntheticEnginePath({ engineLimit: 1 });
    const worker = await startWorker({ LLAMA_SERVER_PATH: engine });
    const stream = await occupy(scripted);
    const waiting = ask(random);
    await eventually(() => worker.log().includes('"next":"wait"'), Boolean, PATIENCE);
    stream.hangUp();
    expect((await waiting).status).toBe(200);
  });

  it('too small for the context makes the context smaller, and is remembered', async () => {
    const engine = await syntheticEnginePath({ contextLimit: 1_024 });
    const variables = { LLAMA_SERVER_PATH: engine, LONGSHORE_SLOTS: '1', LONGSHORE_CONTEXT_SIZE: '4096' };
    const worker = await startWorker(variables);
    expect((await ask(scripted)).status).toBe(200);
    expect(contextOf(worker)).toEqual(['1024']);
    const failures = (): number => worker.log().split('There was not enough memory for a model').length - 1;
    expect(failures()).toBe(2);
  });

  it('too small in any case is told in a sentence with numbers', async () => {
    const engine = await syntheticEnginePath({ contextLimit: 1 });
    const worker = await startWorker({ LLAMA_SERVER_PATH: engine, LONGSHORE_CONTEXT_SIZE: '4096' });
    const heard = await hearLoads(shared.cluster.redis.url);
    const { status, json } = await ask(scripted);
    expect(status).toBe(500);
    expect(json).toMatchObject({ error: { code: 'out_of_memory' } });
    const { error } = json as { readonly error: { readonly message: string } };
    expect(error.message).toMatch(/not enough memory for .*scripted.* needs some \d.* context of 512 tokens/);
    const last = await eventually(
      () => heard.events.at(-1),
      (event) => event?.stage === 'failed',
    );
    expect(last).toMatchObject({ code: 'out_of_memory' });
    expect(enginesOf(worker)).toEqual([]);
    expect((await ask(scripted)).status).toBe(500);
    heard.stop();
  });

  it('too small here sends the model to a worker that has more', async () => {
    const engine = await syntheticEnginePath({ contextLimit: 1 });
    const small = await startWorker({ LLAMA_SERVER_PATH: engine, LONGSHORE_MEMORY: '200MiB' });
    const large = await startWorker({ LONGSHORE_MEMORY: '2GiB', LONGSHORE_MAX_SESSIONS: '1' });
    const stream = await occupy(embedding);
    const waiting = ask(scripted);
    await eventually(() => small.log().includes('/scripted:1: it needs some'), Boolean, PATIENCE);
    stream.hangUp();
    expect(await waiting).toMatchObject({ status: 200, workerId: large.workerId });
  });
});

describe('a model that is idle', () => {
  it('is ended at once, after a while or never, as it is configured, also when that changes', async () => {
    const worker = await startWorker();
    expect((await ask(scripted)).status).toBe(200);
    const [session] = await eventually(
      () => sessionsOf(worker),
      ({ length }) => length > 0,
    );
    expect(session).toMatchObject({ keepAlive: 300_000, reference: scripted });
    const { pid } = enginesOf(worker)[0] ?? {};
    expect(await configure({ model: scripted, keep_alive: '-1' })).toBe(202);
    await eventually(
      () => sessionsOf(worker),
      ([session]) => session?.keepAlive === -1,
      PATIENCE,
    );
    expect(enginesOf(worker)[0]?.pid).toBe(pid);
    expect(await configure({ model: scripted, keep_alive: '0' })).toBe(202);
    await eventually(
      () => enginesOf(worker),
      (engines) => engines.length === 0,
      PATIENCE,
    );
    expect((await ask(scripted)).status).toBe(200);
    await eventually(
      () => enginesOf(worker),
      (engines) => engines.length === 0,
      PATIENCE,
    );
    await requestJson({ url: `${url()}/engines/unload`, body: { all: true, backend: 'llama.cpp' } });
  });

  it('is ended when somebody asks for it, and the one in use is not', async () => {
    const worker = await startWorker();
    expect((await ask(random)).status).toBe(200);
    const stream = await occupy(scripted);
    const { json } = await requestJson({ url: `${url()}/engines/unload`, body: { all: true } });
    expect(json).toEqual({ unloaded_runners: 1 });
    await eventually(
      () => enginesOf(worker),
      (engines) => engines.length === 1,
      PATIENCE,
    );
    const before = stream.received().length;
    await eventually(() => stream.received().length > before, Boolean, PATIENCE);
    stream.hangUp();
  });
});

describe('a configuration that changes', () => {
  it('breaks no answer: the next request runs as it says, beside the old session or after it', async () => {
    for (const maximum of ['3', '1']) {
      const worker = await startWorker({ LONGSHORE_MAX_SESSIONS: maximum, LONGSHORE_SLOTS: '1' });
      const parameters = { max_tokens: 150, synthetic: { rate: 50 } };
      const stream = await openChat(url(), { model: scripted, prompt: 'Hello', parameters });
      await eventually(() => stream.received().includes(' t3"'), Boolean, PATIENCE);
      const size = maximum === '1' ? 1_536 : 2_048;
      expect(await configure({ model: scripted, 'context-size': size })).toBe(202);
      const next = streamChat(url(), { model: scripted, prompt: 'Hello', parameters: { max_tokens: 3 } });
      expect((await next).text).toBe(syntheticText(3));
      await eventually(
        () => contextOf(worker),
        (contexts) => contexts.join() === String(size),
        PATIENCE,
      );
      expect(assembleChat(parseSse(await stream.whole())).text).toBe(syntheticText(150));
      const ready = async () => (await sessionsOf(worker)).filter(({ state }) => state === 'ready');
      await eventually(ready, ({ length }) => length === 1, PATIENCE);
      await requestJson({ url: `${url()}/engines/unload`, body: { all: true, backend: 'llama.cpp' } });
      await worker.stop();
      workers = [];
    }
  });
});

describe('a load', () => {
  it('tells how far it is, with the bytes it fetches', async () => {
    const heard = await hearLoads(shared.cluster.redis.url);
    const worker = await startWorker();
    expect((await ask(random)).status).toBe(200);
    const stages = () => heard.events.map(({ stage }) => stage);
    await eventually(stages, (all) => all.includes('ready'));
    expect([...new Set(stages())]).toEqual(['waiting', 'fetching', 'starting', 'ready']);
    const fetched = heard.events.findLast(({ stage }) => stage === 'fetching');
    expect(fetched?.completed).toBeGreaterThan(0.99 * (fetched?.total ?? Infinity));
    expect(heard.events[0]).toMatchObject({ workerId: worker.workerId, variant: 'cpu', mode: 'completion' });
    heard.stop();
  });

  it('of a model that a worker is to have at hand needs nobody to ask, and comes back with its engine', async () => {
    const worker = await startWorker({ LONGSHORE_PRELOAD: ` ${scripted} , nobody/knows-this` });
    const ready = () =>
      eventually(
        () => sessionsOf(worker),
        ([session]) => session?.state === 'ready',
        PATIENCE,
      );
    expect((await ready())[0]).toMatchObject({ keepAlive: -1, reference: scripted });
    process.kill(enginesOf(worker)[0]?.pid ?? 0, 'SIGKILL');
    await eventually(
      () => sessionsOf(worker),
      (sessions) => sessions.length === 0,
      PATIENCE,
    );
    await ready();
  });
});

describe('a worker', () => {
  it('serves the models of an attached server beside its own', async () => {
    const server = spawn(await syntheticEnginePath(), ['--port', '0', '--alias', 'far/away']);
    try {
      const [line] = (await once(createInterface({ input: server.stderr }), 'line')) as [string];
      const address = /http:\S+/.exec(line)?.[0] ?? '';
      const worker = await startWorker({ OPENAI_ENGINE_URL: `${address}/v1` });
      expect(await announced(worker)).toMatchObject({
        engines: [
          { name: 'llama.cpp', formats: ['gguf'] },
          { name: 'openai', formats: ['remote'] },
        ],
      });
      expect((await ask('far/away')).text).toBe(syntheticText(3));
      expect((await ask(scripted)).text).toBe(syntheticText(3));
      const sessions = await eventually(
        () => sessionsOf(worker),
        ({ length }) => length === 2,
      );
      expect(sessions).toMatchObject([{ engine: 'openai' }, { engine: 'llama.cpp' }]);
    } finally {
      server.kill();
    }
  });

  it('chooses what it is by what the machine has', async () => {
    const worker = await startWorker({ LONGSHORE_VARIANT: 'auto' });
    expect(await announced(worker)).toMatchObject({ variant: 'cpu', accelerators: [] });
  });
});
