import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  askChat,
  assembleChat,
  type ClusterWorker,
  eventually,
  openChat,
  type OpenResponse,
  parseSse,
  SCRIPTS,
  streamChat,
  syntheticText,
} from '#testing';
import { eventsOf, longestSilence } from './support/broken-streams.js';
import { engineOf, enginesOf, statsOf } from './support/engines.js';
import { type SharedCluster, useCluster } from './support/use-cluster.js';

/** From the death of an engine to the next token, on a machine that may be busy. */
const STALL_MS = 12_000;

/** The one worker that is to run; others that are left of earlier tests are ended. */
async function onlyWorker({ cluster }: SharedCluster): Promise<ClusterWorker> {
  const [first, ...others] = cluster.workers.filter((worker) => worker.alive);
  for (const worker of others) await worker.kill();
  return first ?? cluster.addWorker();
}

/** Waits until the engine of a worker runs so many requests. */
async function running(worker: ClusterWorker, open: number): Promise<void> {
  await eventually(async () => (await statsOf(worker)).open === open, Boolean, { what: 'requests to run' });
}

describe('a single worker', () => {
  const shared = useCluster({ gateways: 1, workers: 1, engine: 'synthetic' });
  let model = '';
  let url = '';
  let worker: ClusterWorker;
  beforeAll(async () => {
    model = (await shared.pulled('scripted')).reference;
    url = shared.cluster.gateway().url;
  });
  beforeEach(async () => {
    worker = await onlyWorker(shared);
    await streamChat(url, { model, prompt: 'Hello' });
  });

  const open = (tokens: number, synthetic: object = { rate: 50 }): Promise<OpenResponse> =>
    openChat(url, { model, prompt: 'Hi', parameters: { max_tokens: tokens, synthetic } });
  const undisturbed = async (tokens: number): Promise<string> =>
    eventsOf(await (await open(tokens, {})).whole());

  it('loads its model again when the engine is killed, and goes on where the streams were', async () => {
    const streams = await Promise.all([open(120), open(120), open(120)]);
    await running(worker, 3);
    await eventually(() => streams.every((stream) => stream.received().includes(' t5"')));
    process.kill(engineOf(worker).pid, 'SIGKILL');
    const expected = await undisturbed(120);
    for (const stream of streams) {
      expect(eventsOf(await stream.whole())).toBe(expected);
      expect(longestSilence(stream)).toBeLessThan(STALL_MS);
    }
  });

  it('gives up the request that ends every engine, and none of those that ran beside it', async () => {
    const poison = open(100, { rate: 20, crashAfter: 15 });
    const beside = await Promise.all([open(60), open(60), open(60)]);
    const poisoned = await poison;
    await poisoned.whole().catch(() => undefined);
    expect(JSON.parse(parseSse(poisoned.received()).at(-1)?.data ?? '')).toMatchObject({
      error: { code: 'poison_request', message: expect.stringContaining('SIGSEGV') },
    });
    const expected = await undisturbed(60);
    for (const stream of beside) expect(eventsOf(await stream.whole())).toBe(expected);
  });

  it('leaves what it had begun, and what waits, to whoever comes after it has been killed', async () => {
    const streams = await Promise.all([1, 2, 3, 4].map(() => open(100)));
    const waiting = askChat(url, {
      model,
      prompt: 'Hi',
      parameters: { max_tokens: 9, synthetic: { rate: 50 } },
    });
    await eventually(() => streams.every((stream) => stream.received().includes(' t5"')));
    await worker.kill();
    await shared.cluster.addWorker();
    const expected = await undisturbed(100);
    for (const stream of streams) expect(eventsOf(await stream.whole())).toBe(expected);
    expect(await waiting).toMatchObject({ status: 200, text: syntheticText(9) });
  });
});

describe('a worker that is asked to stop', () => {
  const shared = useCluster({
    gateways: 1,
    workers: 1,
    engine: 'synthetic',
    workerEnvironment: { LONGSHORE_DRAIN_TIMEOUT: '1s' },
  });
  let model = '';
  let url = '';
  beforeAll(async () => {
    model = (await shared.pulled('scripted')).reference;
    url = shared.cluster.gateway().url;
    await streamChat(url, { model, prompt: 'Hello' });
  });
  beforeEach(async () => void (await onlyWorker(shared)));

  const parameters = { max_tokens: 200, synthetic: { rate: 50 } };

  it('finishes what ends within the drain time, and hands over what does not: no client sees it', async () => {
    const worker = shared.cluster.workers.find(({ alive }) => alive);
    await streamChat(url, { model, prompt: 'Hello' });
    const successor = await shared.cluster.addWorker();
    const long = await openChat(url, { model, prompt: 'Hi', parameters });
    const short = await openChat(url, { model, prompt: 'Hi', parameters: { ...parameters, max_tokens: 20 } });
    const whole = askChat(url, { model, prompt: 'Hi', parameters });
    await eventually(() => long.received().includes(' t5"'));
    await worker?.stop();
    expect(assembleChat(parseSse(Buffer.from(eventsOf(await short.whole())))).text).toBe(syntheticText(20));
    const text = assembleChat(parseSse(Buffer.from(eventsOf(await long.whole())))).text;
    expect(text).toBe(syntheticText(200));
    expect(await whole).toMatchObject({ status: 200, text, workerId: successor.workerId });
  });

  it('leaves everything to whoever comes when there is nobody else', async () => {
    const worker = await onlyWorker(shared);
    await streamChat(url, { model, prompt: 'Hello' });
    const stream = await openChat(url, { model, prompt: 'Hi', parameters });
    await eventually(() => stream.received().includes(' t5"'));
    await worker.stop();
    await shared.cluster.addWorker();
    const { text } = assembleChat(parseSse(Buffer.from(eventsOf(await stream.whole()))));
    expect(text).toBe(syntheticText(200));
  });
});

describe('a model whose engines keep ending', () => {
  const shared = useCluster({ gateways: 1, workers: 1, engine: 'synthetic' });

  it('is left alone by its worker for a while, and those who ask are told', async () => {
    const { reference: model } = await shared.pulled('scripted');
    const { url } = shared.cluster.gateway();
    const worker = shared.cluster.worker();
    for (let deaths = 0; deaths < 3; deaths++) {
      await streamChat(url, { model, prompt: 'Hello' });
      process.kill(engineOf(worker).pid, 'SIGKILL');
      await eventually(() => enginesOf(worker).length === 0);
    }
    const { status, json } = await askChat(url, { model, prompt: 'Hi' });
    expect(status).toBe(500);
    expect(json).toMatchObject({
      error: { code: 'load_failed', message: expect.stringContaining('leaves it alone for') },
    });
    expect(worker.log()).toContain('Engines keep ending with a model');
    const other = await shared.cluster.addWorker();
    await streamChat(url, { model, prompt: 'Hi' });
    expect(enginesOf(other)).toHaveLength(1);
    expect(enginesOf(worker)).toHaveLength(0);
  });
});

describe('a real engine that is killed in the middle of an answer', () => {
  const shared = useCluster({ gateways: 1, workers: 1, engine: 'llama-server' });
  let model = '';
  let url = '';
  let worker: ClusterWorker;
  beforeAll(async () => {
    model = (await shared.pulled('scripted')).reference;
    url = shared.cluster.gateway().url;
  });
  // A new one each time, because engines that keep dying make a worker leave their model alone.
  beforeEach(async () => {
    await (await onlyWorker(shared)).kill();
    worker = await shared.cluster.addWorker();
    await streamChat(url, { model, prompt: 'Hello' });
  });

  /** The answer, whose engine is killed once so many events have come. */
  async function interrupted(prompt: string, parameters: object, events: number): Promise<string> {
    const engine = engineOf(worker).pid;
    const stream = await openChat(url, { model, prompt, parameters: { ...parameters } });
    await eventually(() => stream.received().toString().split('\n\n').length > events, Boolean, { every: 1 });
    process.kill(engine, 'SIGKILL');
    expect(stream.received().includes('[DONE]'), 'the answer was over before its engine was killed').toBe(
      false,
    );
    return eventsOf(await stream.whole());
  }
  const chatOf = (events: string) => assembleChat(parseSse(Buffer.from(events)));

  it('goes on with a text', async () => {
    const parameters = { max_tokens: 1_500, stream_options: { include_usage: true } };
    const { prompt } = SCRIPTS.loop;
    const plain = await streamChat(url, { model, prompt, parameters });
    const { usage, text, finishReason } = chatOf(await interrupted(prompt, parameters, 20));
    expect({ text, finishReason }).toEqual({ text: plain.text, finishReason: plain.finishReason });
    expect(usage?.completion_tokens).toBe(plain.usage?.completion_tokens);
    expect(usage?.prompt_tokens).toBe(plain.usage?.prompt_tokens);
  });

  /** Makes an answer of some 2000 tokens, so that it is not over when its engine is killed. */
  const ITEMS = 240;
  const LIST = { type: 'array', items: { enum: ['truer'] }, minItems: ITEMS, maxItems: ITEMS };

  it('goes on with JSON of a schema', async () => {
    const schema = {
      type: 'object',
      properties: { list: LIST },
      required: ['list'],
      additionalProperties: false,
    };
    const parameters = { response_format: { type: 'json_schema', json_schema: { name: 'list', schema } } };
    const plain = await streamChat(url, { model, prompt: 'Hi', parameters });
    const { text } = chatOf(await interrupted('Hi', parameters, 20));
    expect(text).toBe(plain.text);
    expect(JSON.parse(text)).toEqual({ list: Array.from({ length: ITEMS }, () => 'truer') });
  });

  it('goes on with the arguments of a tool call', async () => {
    const city = 'truer'.repeat(150);
    const schema = {
      type: 'object',
      properties: { city: { enum: [city] } },
      required: ['city'],
      additionalProperties: false,
    };
    const tool = { type: 'function', function: { name: 'get_weather', parameters: schema } };
    const parameters = {
      tools: [tool],
      tool_choice: 'required',
      parallel_tool_calls: false,
      max_tokens: 1_200,
    };
    const { prompt } = SCRIPTS.tool;
    const plain = await streamChat(url, { model, prompt, parameters });
    const { toolCalls } = chatOf(await interrupted(prompt, parameters, 20));
    expect(toolCalls).toEqual(plain.toolCalls);
    expect(JSON.parse(toolCalls[0]?.arguments ?? '')).toEqual({ city });
  });
});
