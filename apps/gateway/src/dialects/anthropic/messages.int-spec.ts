import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { LongshoreError } from '#contracts';
import { eventStream, jsonResponse } from '../../__fakes__/fake-completions.js';
import { type FakeGateway, startFakeGateway } from '../../__fakes__/start-fake-gateway.js';

let fake: FakeGateway;
beforeAll(async () => {
  fake = await startFakeGateway({ bodyLimit: 20_000 });
});
afterAll(() => fake.gateway.stop(0));
afterEach(() => {
  fake.cluster.completions.requests.length = 0;
});

const ASKED = { model: 'ai/smollm2', max_tokens: 20, messages: [{ role: 'user', content: 'Hi' }] };
const PATHS = [
  '/v1/messages',
  '/anthropic/v1/messages',
  '/engines/v1/messages',
  '/engines/llama.cpp/v1/messages',
];

const post = (path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${fake.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });

const chunk = (delta: object, members: object = {}): string =>
  `data: ${JSON.stringify({ choices: [{ index: 0, delta, ...members }] })}\n\n`;
const usage = (prompt: number, completion: number): string =>
  `data: ${JSON.stringify({ choices: [], usage: { prompt_tokens: prompt, completion_tokens: completion } })}\n\n`;
const HELLO = [
  chunk({ role: 'assistant', content: null }),
  chunk({ content: 'Hello' }),
  chunk({}, { finish_reason: 'stop' }),
  usage(9, 2),
  'data: [DONE]\n\n',
];

const failure = async (response: Response) => ({ status: response.status, body: await response.json() });

describe('a message', () => {
  it.each(PATHS)('is answered at %s by a streamed chat completion', async (path) => {
    fake.cluster.completions.respond = async () => eventStream(HELLO);
    const response = await post(path, ASKED);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toContain('application/json');
    expect(response.headers.get('request-id')).toBe(response.headers.get('x-request-id'));
    const answer = (await response.json()) as { readonly content: unknown };
    expect(answer).toMatchObject({
      type: 'message',
      model: 'ai/smollm2',
      stop_reason: 'end_turn',
      usage: { input_tokens: 9, output_tokens: 2 },
    });
    expect(answer.content).toEqual([{ type: 'text', text: 'Hello' }]);
    const [request] = fake.cluster.completions.requests;
    expect(request).toMatchObject({ route: '/v1/chat/completions', streaming: true });
    expect(request?.engine).toBe(path.includes('llama.cpp') ? 'llama.cpp' : undefined);
    expect(JSON.parse(request?.body ?? '')).toMatchObject({
      stream: true,
      stream_options: { include_usage: true },
      max_tokens: 20,
    });
  });

  it('is streamed as events where the caller wants that', async () => {
    fake.cluster.completions.respond = async () => eventStream(HELLO);
    const response = await post('/v1/messages', { ...ASKED, stream: true });
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    const events = (await response.text()).split('\n\n').filter((event) => event !== '');
    expect(events.map((event) => event.split('\n')[0])).toEqual(
      [
        'message_start',
        'ping',
        'content_block_start',
        'content_block_delta',
        'content_block_stop',
        'message_delta',
        'message_stop',
      ].map((type) => `event: ${type}`),
    );
  });

  it('that breaks off ends with an error event and a cut connection', async () => {
    fake.cluster.completions.respond = async () =>
      eventStream(
        (async function* () {
          yield HELLO[1] ?? '';
          throw new LongshoreError('worker_lost', 'The worker w1 is gone.');
        })(),
      );
    const response = await post('/v1/messages', { ...ASKED, stream: true });
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    const reading = (async () => {
      for (;;) {
        const { value, done } = (await reader?.read()) ?? { done: true };
        if (done) return;
        text += value;
      }
    })();
    await expect(reading).rejects.toThrow('terminated');
    const last = text.split('\n\n').at(-2) ?? '';
    expect(last).toMatch(/^event: error\ndata: /);
    expect(JSON.parse(last.split('data: ')[1] ?? '')).toEqual({
      type: 'error',
      error: { type: 'api_error', message: 'The worker w1 is gone.' },
      request_id: response.headers.get('request-id'),
    });
  });

  it('that breaks off before it is whole is a failure with a status where it is not streamed', async () => {
    fake.cluster.completions.respond = async () => eventStream(HELLO.slice(0, 2));
    expect(await failure(await post('/v1/messages', ASKED))).toMatchObject({
      status: 500,
      body: { error: { type: 'api_error', message: expect.stringContaining('in the middle') } },
    });
  });

  it('that the engine refuses has its status and its words', async () => {
    const refusal = jsonResponse('{"error":{"message":"the prompt is too long","code":400}}');
    fake.cluster.completions.respond = async () => ({ ...refusal, status: 400 });
    expect(await failure(await post('/v1/messages', { ...ASKED, stream: true }))).toMatchObject({
      status: 400,
      body: { error: { type: 'invalid_request_error', message: 'the prompt is too long' } },
    });
  });

  it('is made once for the same idempotency key in this API, whatever others make of the key', async () => {
    fake.cluster.completions.respond = async () => eventStream(HELLO);
    await post('/v1/messages', ASKED, { 'idempotency-key': 'k' });
    expect(fake.cluster.completions.requests[0]).toMatchObject({
      identity: `anthropic ${JSON.stringify(ASKED)}`,
      resumption: { key: expect.anything() },
    });
  });
});

describe('a request that cannot be served', () => {
  it.each(PATHS.flatMap((path) => [path, `${path}/count_tokens`]))(
    'is told what is wrong in the order of the Model Runner at %s',
    async (path) => {
      const told = async (body: unknown) => failure(await post(path, body));
      const error = (type: string, message: unknown) => ({
        type: 'error',
        error: { type, message },
        request_id: expect.any(String),
      });
      expect(await told('x'.repeat(30_000))).toEqual({
        status: 413,
        body: error('request_too_large', expect.any(String)),
      });
      expect(await told('{')).toEqual({
        status: 400,
        body: error('invalid_request_error', expect.stringContaining('not valid JSON')),
      });
      expect(await told({ max_tokens: 'x' })).toEqual({
        status: 400,
        body: error('invalid_request_error', 'Missing required field: model'),
      });
      expect(await told({ model: 'nobody/nothing' })).toEqual({
        status: 404,
        body: error('not_found_error', 'Model not found: nobody/nothing'),
      });
      expect(await told({ ...ASKED, model: 'nobody/nothing' })).toEqual({
        status: 404,
        body: error('not_found_error', 'Model not found: nobody/nothing'),
      });
      expect(await told({ model: 'ai/smollm2' })).toEqual({
        status: 400,
        body: error('invalid_request_error', 'Missing required field: messages'),
      });
    },
  );

  it.each(PATHS.flatMap((path) => [path, `${path}/count_tokens`]))(
    'by its method is told the right one at %s',
    async (path) => {
      const response = await fetch(`${fake.url}${path}`);
      expect(response.headers.get('allow')).toBe('POST');
      expect(await failure(response)).toMatchObject({
        status: 405,
        body: { type: 'error', error: { type: 'invalid_request_error' } },
      });
    },
  );

  it.each([
    ['queue_full', 429, 'rate_limit_error', '7', null],
    ['no_worker', 503, 'overloaded_error', expect.any(String), null],
    ['deadline_exceeded', 504, 'timeout_error', null, null],
    ['poison_request', 500, 'api_error', null, 'false'],
    ['cancelled', 409, 'conflict_error', null, 'false'],
  ] as const)('because of %s has status %i and type %s', async (code, status, type, retryAfter, retry) => {
    fake.cluster.completions.respond = async () => {
      throw new LongshoreError(code, 'So it is.', undefined, code === 'queue_full' ? 7 : undefined);
    };
    const response = await post('/v1/messages', ASKED);
    expect(response.headers.get('retry-after')).toEqual(retryAfter);
    expect(response.headers.get('x-should-retry')).toBe(retry);
    expect(await failure(response)).toMatchObject({
      status,
      body: { error: { type, message: 'So it is.' } },
    });
  });

  it.each([{ type: 'create' }, { type: 'continue', previous_message_id: 'msg_1' }])(
    'because it wants a thread is told so in a way that clients go on without one: %j',
    async (thread) => {
      const { status, body } = await failure(await post('/v1/messages', { ...ASKED, thread }));
      expect(status).toBe(400);
      expect(body).toMatchObject({
        error: {
          message: 'thread: is not supported here; leave it out.',
          details: { error_code: 'thread_unsupported_request', unsupported: ['thread'] },
        },
      });
    },
  );

  it('by its engine is told the engines there are', async () => {
    expect(await failure(await post('/engines/nope/v1/messages', ASKED))).toMatchObject({
      status: 404,
      body: { error: { type: 'not_found_error', message: expect.stringContaining('llama.cpp') } },
    });
  });
});

describe('counting tokens', () => {
  it('asks the engine to count what it would be sent', async () => {
    fake.cluster.completions.respond = async () => jsonResponse('{"input_tokens":28,"object":"x"}');
    const { max_tokens: _, ...body } = ASKED;
    const response = await post('/v1/messages/count_tokens', { ...body, system: 'Be brief.' });
    expect(await response.json()).toEqual({ input_tokens: 28 });
    const [request] = fake.cluster.completions.requests;
    expect(request).toMatchObject({ route: '/v1/chat/completions/input_tokens', streaming: false });
    expect(JSON.parse(request?.body ?? '')).toEqual({
      model: 'ai/smollm2',
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'Hi' },
      ],
    });
  });

  it.each([404, 405, 501])(
    'has an engine that knows no counting (%i) answer with one token',
    async (status) => {
      const [none, whole] = [jsonResponse('{}'), jsonResponse('{"usage":{"prompt_tokens":31}}')];
      fake.cluster.completions.respond = async ({ route }) =>
        route === '/v1/chat/completions' ? whole : { ...none, status };
      const counted = await post('/v1/messages/count_tokens', ASKED, { 'idempotency-key': 'count-1' });
      expect(await counted.json()).toEqual({ input_tokens: 31 });
      const { requests } = fake.cluster.completions;
      expect(JSON.parse(requests[1]?.body ?? '')).toMatchObject({ max_tokens: 1 });
      // A key stands for one request, and these are two.
      expect(requests.map(({ resumption }) => resumption)).toEqual([undefined, undefined]);
      const measured = await fake.metrics.registry.metrics();
      expect(measured).not.toMatch(
        /^longshore_responses_total\{.*"count_tokens".*smollm2.*outcome="failed"/m,
      );
    },
  );

  it('passes on what the engine refuses', async () => {
    fake.cluster.completions.respond = async () => ({
      ...jsonResponse('{"error":{"message":"text only"}}'),
      status: 400,
    });
    expect(await failure(await post('/v1/messages/count_tokens', ASKED))).toMatchObject({
      status: 400,
      body: { error: { type: 'invalid_request_error', message: 'text only' } },
    });
  });
});
