import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  askChat,
  assembleChat,
  EMBEDDING_DIMENSIONS,
  eventually,
  fixtureModel,
  openChat,
  openRequest,
  parseSse,
  publishModel,
  pullModelThrough,
  requestJson,
  type ScriptName,
  SCRIPTS,
  streamChat,
  type RegistryGate,
  startRegistryGate,
} from '#testing';
import { enginesOf } from './support/engines.js';
import { useCluster } from './support/use-cluster.js';

const shared = useCluster({ gateways: 2, workers: 1, engine: 'llama-server' });

const PREFIXES = ['/v1', '/engines/v1', '/engines/llama.cpp/v1'];
const SCRIPTS_SAID: ScriptName[] = ['say', 'json', 'count'];

const get = (path: string, gateway = 0) =>
  requestJson({ url: `${shared.cluster.gateway(gateway).url}${path}` });
const post = (path: string, body: unknown) =>
  requestJson({ url: `${shared.cluster.gateway().url}${path}`, body });

/** Slots of the worker's engines that are at work, as the engines themselves say. */
async function busySlots(): Promise<number> {
  const answers = await Promise.all(
    enginesOf(shared.cluster.worker()).map(({ socketPath }) => requestJson({ url: '/slots', socketPath })),
  );
  const slots = answers.flatMap(({ json }) => json as { readonly is_processing: boolean }[]);
  return slots.filter((slot) => slot.is_processing).length;
}

describe('a model', () => {
  it('is pulled with progress for every layer, listed and inspected', async () => {
    const { url } = shared.cluster.gateway();
    const file = await fixtureModel('scripted');
    const { reference, id } = await publishModel({ registry: shared.registry, name: 'first/model:1', file });
    const { status, lines } = await pullModelThrough(url, reference);
    expect(status).toBe(200);
    const [last] = lines.slice(-1);
    expect(last).toMatchObject({ type: 'success', message: 'Model pulled successfully' });
    const progress = lines.filter(({ type }) => type === 'progress');
    const layers = new Map(progress.map(({ layer }) => [layer.id, layer]));
    const complete = [...layers.values()].filter((layer) => layer.size > 0 && layer.current === layer.size);
    expect(complete.length).toBeGreaterThan(0);
    expect(progress.every(({ layer, total }) => layer.current <= layer.size && layer.size <= total)).toBe(
      true,
    );

    const listed = (await get('/models', 1)).json as { id: string; tags: string[] }[];
    expect(listed.find((model) => model.id === id)).toMatchObject({
      tags: [reference],
      config: { format: 'gguf', architecture: 'llama', context_size: 8192 },
    });
    expect((await get(`/models/${reference}`)).json).toMatchObject({ id, tags: [reference] });
    expect((await get(`/models/${id}`, 1)).json).toMatchObject({ id });
    expect((await get('/v1/models', 1)).json).toMatchObject({
      object: 'list',
      data: [{ id: reference, object: 'model', owned_by: 'docker' }],
    });
  });

  it('that was pulled through one gateway answers at once through the other', async () => {
    const [first, second] = shared.cluster.gateways.map(({ url }) => url);
    const file = await fixtureModel('scripted');
    const { reference } = await publishModel({ registry: shared.registry, name: 'second/model:1', file });
    await pullModelThrough(first ?? '', reference);
    const chat = await streamChat(second ?? '', { model: reference, prompt: SCRIPTS.say.prompt });
    expect(chat.text).toBe(SCRIPTS.say.text);
  });

  it('is taken from the store when it is pulled again', async () => {
    const { reference } = await shared.pulled('scripted');
    const { lines } = await pullModelThrough(shared.cluster.gateway(1).url, reference);
    expect(lines.at(-1)).toMatchObject({
      type: 'success',
      message: expect.stringMatching(/^Using cached model: \d/),
    });
  });

  it('is gone once its only tag is deleted', async () => {
    const { url } = shared.cluster.gateway();
    const file = await fixtureModel('embedding');
    const model = await publishModel({ registry: shared.registry, name: 'doomed/model:1', file });
    await pullModelThrough(url, model.reference);
    const deleted = await requestJson({ url: `${url}/models/${model.reference}`, method: 'DELETE' });
    expect(deleted).toEqual({ status: 200, json: [{ Untagged: model.reference }, { Deleted: model.id }] });
    const gone = await openRequest({ url: `${url}/models/${model.reference}` });
    expect(gone.status).toBe(404);
    const chat = await askChat(shared.cluster.gateway(1).url, { model: model.reference, prompt: 'Hello' });
    expect(chat).toMatchObject({ status: 404, json: { error: { code: 'model_not_found' } } });
  });
});

describe('two callers who pull the same model at the same time', () => {
  let gate: RegistryGate;
  beforeAll(async () => (gate = await startRegistryGate(shared.registry.host)));
  afterAll(() => gate.close());

  it('share one download, also through two gateways', async () => {
    const file = await fixtureModel('random');
    await publishModel({ registry: shared.registry, name: 'shared/model:1', file });
    const reference = `${gate.host}/shared/model:1`;
    const begin = ({ url }: { readonly url: string }) =>
      openRequest({ url: `${url}/models/create`, body: { from: reference } });
    // All of them have joined before any can end.
    const pulls = await Promise.all([...shared.cluster.gateways, shared.cluster.gateway()].map(begin));
    await eventually(() => gate.blobsRead.length > 0);
    gate.open();
    for (const pull of pulls) {
      const last = (await pull.whole()).toString().trimEnd().split('\n').at(-1) ?? '';
      expect(JSON.parse(last)).toMatchObject({ type: 'success', message: 'Model pulled successfully' });
    }
    expect(gate.blobsRead.length).toBe(new Set(gate.blobsRead).size);
  });
});

describe.each(PREFIXES)('under %s', (prefix) => {
  it.each(SCRIPTS_SAID)('a streamed chat has the text of !%s byte for byte', async (name) => {
    const { reference: model } = await shared.pulled('scripted');
    const parameters = { stream_options: { include_usage: true } };
    // The head of a stream that was told how long it waits goes out before anybody knows who will answer.
    const headers = { 'x-queue-notices': 'off' };
    const request = { model, prefix, prompt: SCRIPTS[name].prompt, parameters, headers };
    const chat = await streamChat(shared.cluster.gateway().url, request);
    expect(chat).toMatchObject({ text: SCRIPTS[name].text, finishReason: 'stop', workerId: 'worker-1' });
    expect(chat.usage?.completion_tokens).toBe(SCRIPTS[name].pieces.length + 1);
  });

  it('a chat without a stream has the same text', async () => {
    const { reference: model } = await shared.pulled('scripted');
    const request = { model, prefix, prompt: SCRIPTS.count.prompt };
    const { status, text, json } = await askChat(shared.cluster.gateway(1).url, request);
    expect({ status, text }).toEqual({ status: 200, text: SCRIPTS.count.text });
    expect(json).toMatchObject({ object: 'chat.completion', choices: [{ finish_reason: 'stop' }] });
  });

  it('a completion has the text, streamed or not', async () => {
    const { reference: model } = await shared.pulled('scripted');
    const body = { model, prompt: SCRIPTS.count.marker, max_tokens: 400 };
    const { json } = await post(`${prefix}/completions`, body);
    expect(json).toMatchObject({ choices: [{ text: SCRIPTS.count.text, finish_reason: 'stop' }] });
    const streamed = await openRequest({
      url: `${shared.cluster.gateway(1).url}${prefix}/completions`,
      body: { ...body, stream: true },
    });
    expect(assembleChat(parseSse(await streamed.whole())).text).toBe(SCRIPTS.count.text);
  });

  it('embeddings come from an embedding model', async () => {
    const { reference: model } = await shared.pulled('embedding');
    const { status, json } = await post(`${prefix}/embeddings`, { model, input: ['one', 'two', 'one'] });
    const { data } = json as { data: { embedding: number[] }[] };
    const [one, two, again] = data.map(({ embedding }) => embedding);
    expect(status).toBe(200);
    expect(one).toHaveLength(EMBEDDING_DIMENSIONS);
    expect(again).toEqual(one);
    expect(two).not.toEqual(one);
  });
});

describe('a client that hangs up in the middle of an answer', () => {
  it.each([true, false])('frees the slot of the engine (stream: %s)', async (stream) => {
    const { reference: model } = await shared.pulled('scripted');
    const hangingUp = new AbortController();
    const request = {
      model,
      prompt: SCRIPTS.loop.prompt,
      parameters: { max_tokens: 4_000 },
      signal: hangingUp.signal,
    };
    const { url } = shared.cluster.gateway();
    const answer = stream ? openChat(url, request).then((open) => open.whole()) : askChat(url, request);
    const outcome = answer.then(
      () => 'complete',
      () => 'hung up',
    );
    await eventually(busySlots, (busy) => busy === 1);
    hangingUp.abort();
    expect(await outcome).toBe('hung up');
    await eventually(busySlots, (busy) => busy === 0, { within: 5_000, what: 'the engine to be idle' });
    const next = await streamChat(url, { model, prompt: SCRIPTS.say.prompt });
    expect(next.text).toBe(SCRIPTS.say.text);
  });
});
