import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LongshoreError, NO_REVISION, type SessionAnnouncement } from '#contracts';
import { eventually } from '#testing';
import { eventStream, jsonResponse } from '../../__fakes__/fake-completions.js';
import { SMOLLM } from '../../__fakes__/fake-models.js';
import { worker } from '../../__fakes__/fake-workers.js';
import { type FakeGateway, startFakeGateway } from '../../__fakes__/start-fake-gateway.js';

let fake: FakeGateway;

beforeEach(async () => {
  fake = await startFakeGateway({ clientStallTimeout: 500 });
});
afterEach(() => fake.gateway.stop(0));

const event = (data: object): string => `data: ${JSON.stringify(data)}\n\n`;
const says = (delta: object, members: object = {}): string => event({ choices: [{ delta, ...members }] });

const HELLO = [
  says({ role: 'assistant', content: null }),
  says({ reasoning_content: 'Hm.' }),
  says({ content: 'Grüße' }),
  says({ content: ' 👋' }),
  says({}, { finish_reason: 'stop' }),
  event({
    choices: [],
    usage: { prompt_tokens: 3, completion_tokens: 4 },
    timings: { prompt_ms: 2, predicted_ms: 5 },
  }),
  'data: [DONE]\n\n',
];

const call = (path: string, body: unknown, init: RequestInit = {}): Promise<Response> =>
  fetch(`${fake.url}/api/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
    ...init,
  });

async function ask(path: string, body: unknown): Promise<[number, unknown]> {
  const response = await call(path, body);
  return [response.status, JSON.parse(await response.text())];
}

const linesOf = (text: string): Record<string, unknown>[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

const asked = (): Record<string, unknown> =>
  JSON.parse(fake.cluster.completions.requests.at(-1)?.body ?? '') as Record<string, unknown>;

const HI = { model: 'smollm2', messages: [{ role: 'user', content: 'Hi' }] };

describe('POST /api/chat', () => {
  it('answers with a line for each chunk, the last of which says how it went', async () => {
    fake.cluster.completions.respond = async () => eventStream(HELLO);
    const response = await call('chat', HI);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/x-ndjson');
    const lines = linesOf(await response.text());
    expect(lines.map(({ message, done }) => [message, done])).toEqual([
      [{ role: 'assistant', content: '', thinking: 'Hm.' }, false],
      [{ role: 'assistant', content: 'Grüße' }, false],
      [{ role: 'assistant', content: ' 👋' }, false],
      [{ role: 'assistant', content: '' }, true],
    ]);
    expect(lines.at(-1)).toMatchObject({
      model: 'smollm2',
      done_reason: 'stop',
      prompt_eval_count: 3,
      eval_count: 4,
      prompt_eval_duration: 2_000_000,
      eval_duration: 5_000_000,
      total_duration: expect.any(Number) as number,
      load_duration: expect.any(Number) as number,
    });
    expect(fake.cluster.completions.requests[0]).toMatchObject({
      route: '/v1/chat/completions',
      streaming: true,
    });
  });

  it('answers with one object where no stream is wanted', async () => {
    fake.cluster.completions.respond = async () => eventStream(HELLO);
    const [status, answer] = await ask('chat', { ...HI, stream: false });
    expect(status).toBe(200);
    expect(answer).toMatchObject({
      message: { role: 'assistant', content: 'Grüße 👋', thinking: 'Hm.' },
      done: true,
      done_reason: 'stop',
      eval_count: 4,
    });
  });

  it.each([true, false])('says in its own words what the engine refuses (stream: %s)', async (stream) => {
    const refusal = '{"error":{"message":"too many tokens","code":400}}';
    fake.cluster.completions.respond = async () => ({ ...jsonResponse(refusal), status: 400 });
    expect(await ask('chat', { ...HI, stream })).toEqual([400, { error: 'too many tokens' }]);
  });

  it('loses no failure in the middle: a line tells it, and the connection is cut', async () => {
    fake.cluster.completions.respond = async () =>
      eventStream(
        (async function* () {
          yield says({ content: 'Hal' });
          throw new LongshoreError('engine_failed', 'The engine died.');
        })(),
      );
    const { text, complete } = await rawCall('/api/chat', JSON.stringify(HI));
    expect(text).toContain('"content":"Hal"');
    expect(text).toContain('{"error":"The engine died."}');
    expect(complete).toBe(false);
  });

  it('answers a failure in the middle with its status where no stream is wanted', async () => {
    fake.cluster.completions.respond = async () =>
      eventStream(
        (async function* () {
          yield says({ content: 'Hal' });
          throw new LongshoreError('worker_lost', 'The worker is gone.');
        })(),
      );
    expect(await ask('chat', { ...HI, stream: false })).toEqual([502, { error: 'The worker is gone.' }]);
  });

  it('says when to come back where too many wait', async () => {
    fake.cluster.completions.respond = async () => {
      throw new LongshoreError('queue_full', 'Too many wait.');
    };
    const response = await call('chat', HI);
    expect(response.status).toBe(429);
    expect(response.headers.get('retry-after')).toMatch(/^\d+$/);
    expect(await response.json()).toEqual({ error: 'Too many wait.' });
  });

  it('cancels the work when its client hangs up', async () => {
    let cancelled: Promise<unknown> | undefined;
    fake.cluster.completions.respond = async (_request, signal) => {
      cancelled = once(signal, 'abort');
      return eventStream(
        (async function* () {
          yield says({ content: 'x' });
          await cancelled;
        })(),
      );
    };
    const hangUp = new AbortController();
    const response = await call('chat', HI, { signal: hangUp.signal });
    await response.body?.getReader().read();
    hangUp.abort();
    await eventually(
      () => cancelled !== undefined,
      (known) => known,
      { within: 5_000, what: 'the call' },
    );
    await expect(cancelled).resolves.toBeDefined();
  });

  it('tells of a model there is not in words that clients look for', async () => {
    expect(await ask('chat', { ...HI, model: 'nobody' })).toEqual([
      404,
      { error: 'model "nobody" not found, try pulling it first' },
    ]);
  });

  it.each([
    ['', 'missing request body: send a JSON object.'],
    ['{', expect.stringContaining('not valid JSON') as string],
    ['[]', 'The body must be a JSON object, not an array.'],
    ['{}', 'model is required'],
    [{ model: 7 }, '"model" must be a string.'],
    [{ ...HI, stream: 'yes' }, '"stream" must be true or false.'],
    [{ ...HI, messages: [{ role: 'king' }] }, expect.stringContaining('"messages[0].role"') as string],
    [{ ...HI, options: { temperature: 'hot' } }, '"options.temperature" must be a number.'],
    [{ ...HI, keep_alive: 'soon' }, expect.stringContaining('"keep_alive" must be') as string],
  ])('refuses %j with what is wrong', async (body, error) => {
    expect(await ask('chat', body)).toEqual([400, { error }]);
  });
});

describe('POST /api/generate', () => {
  it('answers with what a chat of one message answers', async () => {
    fake.cluster.completions.respond = async () => eventStream(HELLO);
    const response = await call('generate', { model: 'smollm2', prompt: 'Hi', system: 'Be kind.' });
    const lines = linesOf(await response.text());
    expect(lines.map(({ response: text, thinking }) => thinking ?? text)).toEqual([
      'Hm.',
      'Grüße',
      ' 👋',
      '',
    ]);
    expect(asked()['messages']).toEqual([
      { role: 'system', content: 'Be kind.' },
      { role: 'user', content: 'Hi' },
    ]);
  });

  it('hands a raw prompt on as it is', async () => {
    const chunk = (text: string, finish: string | null): string =>
      event({ choices: [{ text, index: 0, finish_reason: finish }] });
    fake.cluster.completions.respond = async () =>
      eventStream([chunk('one', null), chunk('', 'length'), 'data: [DONE]\n\n']);
    const body = { model: 'smollm2', prompt: '<|x|>', raw: true, stream: false, options: { num_predict: 1 } };
    expect(await ask('generate', body)).toMatchObject([200, { response: 'one', done_reason: 'length' }]);
    expect(fake.cluster.completions.requests[0]?.route).toBe('/v1/completions');
    expect(asked()).toMatchObject({ prompt: '<|x|>', max_tokens: 1 });
  });

  it.each([{ suffix: 'x' }, { context: [1] }, { template: '{{ .System }}' }, { width: 512 }])(
    'refuses %j by name',
    async (members) => {
      const [status, answer] = await ask('generate', { model: 'smollm2', prompt: 'Hi', ...members });
      expect(status).toBe(400);
      expect(answer).toEqual({ error: expect.stringContaining(`"${Object.keys(members)[0]}"`) as string });
    },
  );
});

const session = (members: Partial<SessionAnnouncement> = {}): SessionAnnouncement => ({
  modelId: SMOLLM.id,
  mode: 'completion',
  engine: 'llama.cpp',
  state: 'ready',
  slots: 1,
  busy: 0,
  lastUsed: 0,
  keepAlive: 300_000,
  ...members,
});

describe('a call that asks for nothing', () => {
  it.each([
    ['chat', { message: { role: 'assistant', content: '' } }],
    ['generate', { response: '' }],
  ])('%s loads the model', async (path, told) => {
    fake.cluster.workers.alive = [{ ...worker(), sessions: [session()], models: [SMOLLM.id] }];
    expect(await ask(path, { model: 'smollm2' })).toMatchObject([
      200,
      { ...told, done_reason: 'load', done: true },
    ]);
    expect(fake.cluster.completions.requests).toEqual([]);
  });

  it('loads a model that only embeds for that', async () => {
    const gguf = { 'bert.pooling_type': '1' };
    fake.cluster.catalogue.models = [{ ...SMOLLM, config: { ...SMOLLM.config, gguf } }];
    fake.cluster.workers.alive = [{ ...worker(), sessions: [session({ mode: 'embedding' })] }];
    expect(await ask('generate', { model: 'smollm2', keep_alive: 60 })).toMatchObject([200, { done: true }]);
    expect([...fake.cluster.configurations.kept.values()]).toMatchObject([{ mode: 'embedding' }]);
    expect(fake.cluster.queue.loads).toEqual([]);
  });

  it('unloads the model when it is to stay for no time, if there is one', async () => {
    expect(await ask('chat', { model: 'nope', keep_alive: 0 })).toMatchObject([404, {}]);
    fake.cluster.workers.alive = [{ ...worker(), sessions: [session()] }];
    fake.cluster.control.onSend = () => (fake.cluster.workers.alive = [worker()]);
    expect(await ask('generate', { model: 'smollm2', keep_alive: 0 })).toMatchObject([
      200,
      { response: '', done_reason: 'unload' },
    ]);
    expect(fake.cluster.control.sent).toEqual([{ kind: 'unload', modelId: SMOLLM.id }]);
  });

  it('fails in the same shape when there is no such model', async () => {
    expect(await ask('generate', { model: 'nobody' })).toMatchObject([404, {}]);
    expect(await ask('embed', { model: 'nobody' })).toMatchObject([404, {}]);
  });
});

describe('how long a model stays', () => {
  beforeEach(() => {
    fake.cluster.completions.respond = async () => eventStream(HELLO);
  });
  const kept = () => [...fake.cluster.configurations.kept.values()];

  it.each([
    [300, 300_000],
    ['5m', 300_000],
    [-1, -1],
    ['-1s', -1],
  ])('%j is kept for the cluster, and asks for no new session', async (keepAlive, ms) => {
    await ask('generate', { model: 'smollm2', prompt: 'Hi', stream: false, keep_alive: keepAlive });
    expect(kept()).toMatchObject([
      { modelId: SMOLLM.id, mode: 'completion', keepAlive: ms, revision: NO_REVISION },
    ]);
    expect(fake.cluster.control.sent).toEqual([
      { kind: 'configure', modelId: SMOLLM.id, mode: 'completion' },
    ]);
  });

  it('is written once, and leaves alone what else was configured', async () => {
    await fetch(`${fake.url}/engines/_configure`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'smollm2', 'context-size': 2048 }),
    });
    const [before] = kept();
    const count = fake.cluster.control.sent.length;
    for (let time = 0; time < 3; time++) await ask('chat', { ...HI, stream: false, keep_alive: '1h' });
    expect(kept()).toEqual([{ ...before, keepAlive: 3_600_000 }]);
    expect(fake.cluster.control.sent.length).toBe(count + 1);
  });

  it('ends behind the answer with 0', async () => {
    fake.cluster.workers.alive = [{ ...worker(), sessions: [session()] }];
    fake.cluster.control.onSend = () => (fake.cluster.workers.alive = [worker()]);
    expect(await ask('chat', { ...HI, stream: false, keep_alive: 0 })).toMatchObject([200, { done: true }]);
    await eventually(
      () => fake.cluster.control.sent,
      (sent) => sent.some(({ kind }) => kind === 'unload'),
      { within: 5_000, what: 'the model to be unloaded' },
    );
    expect(kept()).toEqual([]);
  });

  it('asks for more context once, and never for less', async () => {
    const withContext = (size: number) => ask('chat', { ...HI, stream: false, options: { num_ctx: size } });
    await withContext(2_048);
    expect(kept()).toEqual([]);
    await withContext(5_000);
    expect(kept()).toMatchObject([{ contextSize: 8_192 }]);
    for (const size of [2_048, 8_000, 100_000]) await withContext(size);
    expect(kept()).toMatchObject([{ contextSize: 8_192 }]);
    expect(fake.cluster.control.sent).toHaveLength(1);
  });
});

describe('embeddings', () => {
  const vectors = {
    data: [
      { index: 1, embedding: [0, 1, 0] },
      { index: 0, embedding: [3, 4, 12] },
    ],
    usage: { prompt_tokens: 9 },
  };
  beforeEach(() => {
    fake.cluster.completions.respond = async () => jsonResponse(JSON.stringify(vectors));
  });

  it('come in the order of their texts', async () => {
    expect(await ask('embed', { model: 'smollm2', input: ['a', 'b'] })).toMatchObject([
      200,
      {
        model: 'smollm2',
        embeddings: [
          [3, 4, 12],
          [0, 1, 0],
        ],
        prompt_eval_count: 9,
      },
    ]);
    expect(asked()).toEqual({
      model: 'smollm2',
      input: ['a', 'b'],
      encoding_format: 'float',
      truncate_prompt_tokens: -1,
    });
    expect(fake.cluster.completions.requests[0]?.route).toBe('/v1/embeddings');
  });

  it('are cut to the dimensions that are asked for, and brought to length 1', async () => {
    expect(await ask('embed', { model: 'smollm2', input: 'a', dimensions: 2 })).toMatchObject([
      200,
      {
        embeddings: [
          [0.6, 0.8],
          [0, 1],
        ],
      },
    ]);
  });

  it('come in the old shape where that is asked for', async () => {
    expect(await ask('embeddings', { model: 'smollm2', prompt: 'a' })).toEqual([
      200,
      { embedding: [3, 4, 12] },
    ]);
  });

  it('say in their own words what the engine refuses, or answers with instead', async () => {
    fake.cluster.completions.respond = async () => ({
      ...jsonResponse('{"error":{"message":"too long"}}'),
      status: 400,
    });
    expect(await ask('embed', { model: 'smollm2', input: 'a' })).toEqual([400, { error: 'too long' }]);
    fake.cluster.completions.respond = async () => jsonResponse('nonsense');
    expect(await ask('embed', { model: 'smollm2', input: 'a' })).toEqual([
      500,
      { error: 'The engine answered with no list of embeddings.' },
    ]);
    expect(await ask('embed', { model: 'smollm2', input: ['a', 7] })).toEqual([
      400,
      { error: '"input[1]" must be a string.' },
    ]);
  });
});

describe('paths of the Ollama API', () => {
  it.each([
    ['GET', '/api/chat', 405, 'POST'],
    ['POST', '/api/tags', 405, 'GET, HEAD'],
    ['GET', '/api/delete', 405, 'DELETE'],
  ])('%s %s is answered with the methods there are', async (method, path, status, allow) => {
    const response = await fetch(`${fake.url}${path}`, { method });
    expect(response.status).toBe(status);
    expect(response.headers.get('allow')).toBe(allow);
    expect(await response.json()).toHaveProperty('error');
  });

  it('that are none are answered in shape', async () => {
    const response = await fetch(`${fake.url}/api/nothing`);
    expect([response.status, await response.json()]).toEqual([404, { error: expect.any(String) as string }]);
  });

  it('for files say where to send them instead', async () => {
    const path = `blobs/sha256:${'a'.repeat(64)}`;
    expect(await ask(path, '{}')).toEqual([
      400,
      { error: expect.stringContaining('/models/package') as string },
    ]);
    expect((await fetch(`${fake.url}/api/${path}`, { method: 'HEAD' })).status).toBe(404);
  });
});

/** A POST over a plain socket. @returns the text that came, and whether the body came to its end */
async function rawCall(path: string, body: string): Promise<{ text: string; complete: boolean }> {
  const socket = connect(fake.port, '127.0.0.1');
  const head = `POST ${path} HTTP/1.1\r\nHost: here\r\nContent-Type: application/json\r\n`;
  socket.write(`${head}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
  const parts: Buffer[] = [];
  socket.on('data', (part: Buffer) => parts.push(part));
  await once(socket, 'close');
  const text = Buffer.concat(parts).toString('utf8');
  return { text, complete: text.endsWith('0\r\n\r\n') };
}
