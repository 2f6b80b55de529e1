import { readFile } from 'node:fs/promises';
import { type ChatRequest, type Message, Ollama, type ProgressResponse } from 'ollama';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  EMBEDDING_DIMENSIONS,
  eventually,
  fixtureModel,
  publishModel,
  requestJson,
  SCRIPTS,
  startRegistry,
} from '#testing';
import { parseModelReference } from '#contracts';
import { packageGguf, pushArtifact, RegistryHttp } from '#models';
import { enginesOf } from '../support/engines.js';
import { useCluster } from '../support/use-cluster.js';

const shared = useCluster({ gateways: 1, workers: 1, engine: 'llama-server' });

let ollama: Ollama;
let model = '';
let embedder = '';
beforeAll(async () => {
  ollama = new Ollama({ host: shared.cluster.gateway().url });
  ({ reference: model } = await shared.pulled('scripted'));
  ({ reference: embedder } = await shared.pulled('embedding'));
});

const user = (content: string): Message => ({ role: 'user', content });
const chat = (prompt: string, members: Partial<ChatRequest> = {}) =>
  ollama.chat({ model, messages: [user(prompt)], ...members, stream: false });

async function all<T>(iteration: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of iteration) items.push(item);
  return items;
}

/** What a call fails with, as the library tells it. */
async function failureOf(call: Promise<unknown>): Promise<{ status: number | undefined; error: string }> {
  try {
    await call;
  } catch (error) {
    const { status_code: status, message } = error as Error & { readonly status_code?: number };
    return { status, error: message };
  }
  throw new Error('It did not fail.');
}

const WEATHER = {
  type: 'function',
  function: {
    name: 'get_weather',
    description: 'The weather of a city',
    parameters: { type: 'object', required: ['city'], properties: { city: { type: 'string' } } },
  },
};

const TIME = {
  type: 'function',
  function: {
    name: 'get_time',
    description: 'The time in a zone',
    parameters: { type: 'object', required: ['zone'], properties: { zone: { type: 'string' } } },
  },
};

/** A PNG of one pixel. */
const PICTURE =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

/** Slots of the worker's engines that are at work, as the engines themselves say. */
async function busySlots(): Promise<number> {
  const answers = await Promise.all(
    enginesOf(shared.cluster.worker()).map(({ socketPath }) => requestJson({ url: '/slots', socketPath })),
  );
  const slots = answers.flatMap(({ json }) => json as { readonly is_processing: boolean }[]);
  return slots.filter((slot) => slot.is_processing).length;
}

describe('the official Ollama library', () => {
  it('asks for the release of the API', async () => {
    expect((await ollama.version()).version).toMatch(/^\d+\.\d+\.\d+$/);
  });

  it('lists and shows models', async () => {
    const { models } = await ollama.list();
    expect(models.find(({ name }) => name === model)).toMatchObject({
      model,
      size: expect.any(Number) as number,
      digest: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
      details: { format: 'gguf', family: 'llama', families: ['llama'] },
    });
    const shown = await ollama.show({ model });
    expect(shown).toMatchObject({
      template: expect.stringContaining('im_start') as string,
      capabilities: ['completion', 'tools', 'thinking'],
      model_info: { 'general.architecture': 'llama', 'llama.context_length': 8192 },
    });
    expect(shown.modelfile).toContain(`FROM ${model}`);
    expect((await ollama.show({ model: embedder })).capabilities).toEqual(['embedding']);
  });

  it('chats, streamed and not', async () => {
    const whole = await chat(SCRIPTS.say.prompt);
    expect(whole).toMatchObject({
      model,
      message: { role: 'assistant', content: SCRIPTS.say.text },
      done: true,
      done_reason: 'stop',
    });
    for (const time of [whole.total_duration, whole.prompt_eval_duration, whole.eval_duration])
      expect(time).toBeGreaterThan(0);
    expect(whole.total_duration).toBeGreaterThanOrEqual(whole.eval_duration);
    expect(whole.eval_count).toBeGreaterThanOrEqual(SCRIPTS.say.pieces.length);

    const lines = await all(
      await ollama.chat({ model, messages: [user(SCRIPTS.count.prompt)], stream: true }),
    );
    expect(lines.map(({ message }) => message.content).join('')).toBe(SCRIPTS.count.text);
    expect(lines.length).toBeGreaterThan(SCRIPTS.count.pieces.length / 2);
    expect(lines.at(-1)).toMatchObject({ done: true, done_reason: 'stop' });
  });

  it('bounds an answer, and stops it at a text', async () => {
    const short = await chat(SCRIPTS.loop.prompt, { options: { num_predict: 7, temperature: 0 } });
    expect(short).toMatchObject({ done_reason: 'length', eval_count: 7 });
    expect(short.message.content).toBe(SCRIPTS.loop.textOf(7));
    const stopped = await chat(SCRIPTS.count.prompt, { options: { stop: [' n4'] } });
    expect(stopped.message.content).toBe('n1 n2 n3');
  });

  it('hears what a model thinks, or not', async () => {
    const thinking = await chat(SCRIPTS.think.prompt, { think: true });
    expect(thinking.message).toMatchObject({
      content: SCRIPTS.think.text,
      thinking: SCRIPTS.think.reasoning,
    });
    const silent = await chat(SCRIPTS.think.prompt, { think: false });
    expect(silent.message).toEqual({ role: 'assistant', content: SCRIPTS.think.text });
    expect(silent.eval_count).toBeLessThan(thinking.eval_count);
  });

  it('completes prompts, by the template and raw', async () => {
    const told = await ollama.generate({ model, prompt: SCRIPTS.json.prompt, system: 'Be brief.' });
    expect(told).toMatchObject({ response: SCRIPTS.json.text, done_reason: 'stop' });
    const lines = await all(
      await ollama.generate({ model, prompt: SCRIPTS.say.marker, raw: true, stream: true }),
    );
    expect(lines.map(({ response }) => response).join('')).toBe(SCRIPTS.say.text);
    expect(lines.at(-1)).toMatchObject({ done: true, eval_count: expect.any(Number) as number });
  });

  it('answers in the shape of a schema', async () => {
    const format = {
      type: 'object',
      properties: { answer: { type: 'integer' }, ok: { type: 'boolean' } },
      required: ['answer', 'ok'],
    };
    const { message } = await chat(SCRIPTS.json.prompt, { format });
    expect(JSON.parse(message.content)).toEqual(SCRIPTS.json.value);
    const { response } = await ollama.generate({ model, prompt: SCRIPTS.say.prompt, format: 'json' });
    expect(typeof JSON.parse(response ?? '')).toBe('object');
  });

  it('tells how likely tokens were', async () => {
    const { logprobs } = await chat(SCRIPTS.dice.prompt, { logprobs: true, top_logprobs: 6 });
    expect(logprobs?.[0]?.logprob).toBeCloseTo(-Math.log(6), 2);
    expect(logprobs?.[0]?.top_logprobs?.map(({ token }) => token).toSorted()).toEqual(
      [...SCRIPTS.dice.faces].toSorted(),
    );
  });

  it('calls tools and hears of their results', async () => {
    const messages = [user(SCRIPTS.tool.prompt)];
    const { message } = await ollama.chat({ model, messages, tools: [WEATHER] });
    expect(message.tool_calls).toMatchObject([{ function: SCRIPTS.tool.calls[0] }]);
    const result = { role: 'tool', tool_name: 'get_weather', content: '21 °C' };
    const next = await ollama.chat({ model, messages: [...messages, message, result], tools: [WEATHER] });
    expect(next.message.content).toBe(SCRIPTS.say.text);

    const both = [WEATHER, TIME];
    const lines = await all(
      await ollama.chat({ model, messages: [user(SCRIPTS.tools2.prompt)], tools: both, stream: true }),
    );
    const calls = lines.flatMap(({ message: told }) => told.tool_calls ?? []);
    expect(calls.map(({ function: { name, arguments: given } }) => ({ name, arguments: given }))).toEqual(
      SCRIPTS.tools2.calls,
    );
  });

  it('embeds texts', async () => {
    const { embeddings, prompt_eval_count: tokens } = await ollama.embed({
      model: embedder,
      input: ['one', 'two'],
    });
    expect(embeddings.map((vector) => vector.length)).toEqual([EMBEDDING_DIMENSIONS, EMBEDDING_DIMENSIONS]);
    expect(tokens).toBeGreaterThan(0);
    const [short] = (await ollama.embed({ model: embedder, input: 'one', dimensions: 4 })).embeddings;
    expect(short).toHaveLength(4);
    expect(Math.hypot(...(short ?? []))).toBeCloseTo(1, 5);
    const { embedding } = await ollama.embeddings({ model: embedder, prompt: 'one' });
    const [first = []] = embeddings;
    expect(first.reduce((sum, member, at) => sum + member * (embedding[at] ?? 0), 0)).toBeCloseTo(1, 3);
  });

  it('says how long a model stays, without a new engine, and sees what runs', async () => {
    const engines = () => enginesOf(shared.cluster.worker()).map(({ pid }) => pid);
    await chat(SCRIPTS.say.prompt);
    const before = engines();
    await chat(SCRIPTS.say.prompt, { keep_alive: '2h' });
    const running = async () => (await ollama.ps()).models.find(({ name }) => name === model);
    const found = await eventually(
      running,
      (entry) => new Date(entry?.expires_at ?? 0).getTime() > Date.now() + 3_600_000,
      { within: 10_000, what: 'the model to stay for two hours' },
    );
    expect(found).toMatchObject({ size_vram: 0, context_length: 4096 });
    expect(found?.size).toBeGreaterThan(0);
    expect(engines()).toEqual(before);

    expect(await ollama.generate({ model, prompt: '', keep_alive: 0 })).toMatchObject({
      done_reason: 'unload',
    });
    await eventually(running, (entry) => entry === undefined, { what: 'the model to be gone' });
    expect(await ollama.generate({ model, prompt: '' })).toMatchObject({ done_reason: 'load' });
    await eventually(running, (entry) => entry !== undefined, { what: 'the model to be there' });
  });

  it('gives a model more context where that is asked for', async () => {
    const context = async () => (await ollama.ps()).models.find(({ name }) => name === model);
    expect(await context()).toMatchObject({ context_length: 4096 });
    await chat(SCRIPTS.say.prompt, { options: { num_ctx: 5_000 } });
    await eventually(
      context,
      (entry) => entry !== undefined && 'context_length' in entry && entry.context_length === 8192,
      {
        within: 20_000,
        what: 'the model to have more context',
      },
    );
    const long = await chat(`${'word '.repeat(1_500)}${SCRIPTS.say.prompt}`, { options: { num_ctx: 2_048 } });
    expect(long.message.content).toBe(SCRIPTS.say.text);
    expect(long.prompt_eval_count).toBeGreaterThan(4_096);
    expect(await context()).toMatchObject({ context_length: 8192 });
  });

  it('pulls and pushes models, with progress', async () => {
    const file = await fixtureModel('reranker');
    const { reference } = await publishModel({ registry: shared.registry, name: 'ollama/pulled:1', file });
    const lines: ProgressResponse[] = await all(await ollama.pull({ model: reference, stream: true }));
    expect(lines[0]).toEqual({ status: 'pulling manifest' });
    const pulled = lines.findLast(({ digest }) => digest !== undefined);
    expect(pulled?.status).toBe(`pulling ${pulled?.digest.slice(7, 19)}`);
    expect(pulled?.completed).toBe(pulled?.total);
    expect(lines.at(-1)).toEqual({ status: 'success' });
    expect(await ollama.pull({ model: reference })).toEqual({ status: 'success' });
    const missing = `${shared.registry.host}/ollama/nothing:1`;
    expect((await failureOf(ollama.pull({ model: missing }))).status).toBe(404);

    const other = await startRegistry();
    try {
      const target = `${other.host}/ollama/pushed:2`;
      await ollama.copy({ source: reference, destination: target });
      const pushed = await all(await ollama.push({ model: target, stream: true }));
      const layer = pushed.find(({ digest }) => digest !== undefined);
      expect(layer?.status).toMatch(/^pushing [0-9a-f]{12}$/);
      expect(layer?.total).toBeGreaterThan(0);
      expect(pushed.at(-1)).toEqual({ status: 'success' });
      const tags = (await requestJson({ url: `http://${other.host}/v2/ollama/pushed/tags/list` })).json;
      expect(tags).toMatchObject({ tags: ['2'] });
    } finally {
      await other.stop();
    }
  });

  it('makes a name that has more to say, and takes it away', async () => {
    const { status } = await ollama.create({
      model: 'echo',
      from: model,
      system: `Always say ${SCRIPTS.say.text}`,
      parameters: { num_predict: 2, stop: ['x'] },
    });
    expect(status).toBe('success');
    const shown = await ollama.show({ model: 'echo' });
    expect(shown.system).toContain('Always');
    expect(shown.parameters).toMatch(/^num_predict +2$/m);
    expect(shown.details.parent_model).toBe(model);
    const cut = await ollama.chat({ model: 'echo', messages: [user(SCRIPTS.count.prompt)] });
    expect(cut).toMatchObject({ done_reason: 'length', message: { content: 'n1 n2' } });
    const own = await ollama.generate({
      model: 'echo',
      prompt: SCRIPTS.count.prompt,
      options: { num_predict: 3 },
    });
    expect(own.response).toBe('n1 n2 n3');

    await ollama.copy({ source: 'echo', destination: 'echo:copy' });
    expect((await ollama.show({ model: 'echo:copy' })).system).toContain('Always');
    await ollama.delete({ model: 'echo' });
    expect(await failureOf(ollama.show({ model: 'echo' }))).toMatchObject({
      status: 404,
      error: expect.stringContaining('not found') as string,
    });
    await ollama.delete({ model: 'echo:copy' });
    expect((await chat(SCRIPTS.count.prompt)).message.content).toBe(SCRIPTS.count.text);
    const from = { model: 'b', from: model };
    expect(await failureOf(ollama.create({ ...from, quantize: 'q4_0' }))).toMatchObject({
      status: 400,
      error: expect.stringContaining('"quantize"') as string,
    });
    expect(await failureOf(ollama.create({ ...from, template: '{{ .Prompt }}' }))).toMatchObject({
      status: 400,
    });
    const { template } = await ollama.show({ model });
    await ollama.create({ ...from, template });
    await ollama.delete({ model: 'b' });
  });

  it('aborts, and nothing goes on', async () => {
    const stream = await ollama.chat({ model, messages: [user(SCRIPTS.loop.prompt)], stream: true });
    let seen = 0;
    const reading = (async () => {
      for await (const _ of stream) if (++seen === 5) stream.abort();
    })();
    await expect(reading).rejects.toThrow('aborted');
    await eventually(busySlots, (busy) => busy === 0, { within: 10_000, what: 'the engine to be idle' });
    expect(seen).toBeGreaterThanOrEqual(5);
  });

  it('sees images, and the license that a model comes with', async () => {
    const [file, projector] = await Promise.all([fixtureModel('scripted'), fixtureModel('projector')]);
    const license = new URL('../../../LICENSE', import.meta.url).pathname;
    const artifact = await packageGguf({ file, projector, license, created: new Date(0) });
    const reference = parseModelReference(`${shared.registry.host}/ollama/seeing:1`);
    const http = new RegistryHttp();
    try {
      await pushArtifact({ http, artifact, reference });
    } finally {
      await http.close();
    }
    await ollama.pull({ model: reference.name });
    const shown = await ollama.show({ model: reference.name });
    expect(shown.capabilities).toEqual(['completion', 'tools', 'vision', 'thinking']);
    expect(shown.license).toBe(await readFile(license, 'utf8'));
    const image = { role: 'user', content: SCRIPTS.say.prompt, images: [Buffer.from(PICTURE, 'base64')] };
    const { message, prompt_eval_count: tokens } = await ollama.chat({
      model: reference.name,
      messages: [image],
    });
    expect(message.content).toBe(SCRIPTS.say.text);
    const blind = await ollama.chat({ model: reference.name, messages: [user(SCRIPTS.say.prompt)] });
    expect(tokens).toBeGreaterThan(blind.prompt_eval_count);
  });

  it('is told what was wrong', async () => {
    expect(await failureOf(ollama.chat({ model: 'nobody', messages: [user('Hi')] }))).toEqual({
      status: 404,
      error: 'model "nobody" not found, try pulling it first',
    });
    expect(await failureOf(chat('Hi', { options: { temperature: 'hot' as unknown as number } }))).toEqual({
      status: 400,
      error: '"options.temperature" must be a number.',
    });
    const long = 'word '.repeat(20_000);
    const refused = await failureOf(ollama.chat({ model, messages: [user(long)], stream: true }));
    expect(refused.status).toBe(400);
    expect(refused.error).toMatch(/context/);
    const picture = await readFile(new URL(import.meta.url));
    const image = { role: 'user', content: 'What is it?', images: [new Uint8Array(picture)] };
    expect((await failureOf(ollama.chat({ model, messages: [image] }))).status).toBe(400);
  });
});
