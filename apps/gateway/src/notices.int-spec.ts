import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LongshoreError } from '#contracts';
import { eventually, openRequest, type OpenResponse } from '#testing';
import { eventStream, jsonResponse } from './__fakes__/fake-completions.js';
import { startFakeGateway, type FakeGateway } from './__fakes__/start-fake-gateway.js';
import type { CompletionRequest, CompletionResponse } from './completions/completions.js';

const EVENTS = ['data: {"a":1}\n\n', 'data: [DONE]\n\n'];

let fake: FakeGateway;
let answer: (response: CompletionResponse) => void;
let fail: (error: Error) => void;
let aborted: boolean;

/** Accepts every request, with jobs ahead, and answers with `response` at once, or when the test says so. */
function acceptAll(ahead = 2, response?: CompletionResponse): void {
  fake.cluster.completions.respond = (request: CompletionRequest, signal: AbortSignal) => {
    request.onAccepted?.({
      requestId: 'gw.7',
      queue: 'q',
      model: 'docker.io/ai/smollm2:latest',
      ahead,
      ...(ahead > 0 ? { eta: 1.26 } : {}),
      workerId: () => undefined,
    });
    signal.addEventListener('abort', () => {
      aborted = true;
      fail(new LongshoreError('internal', 'The client went away.'));
    });
    return new Promise((resolve, reject) => {
      answer = resolve;
      fail = reject;
      if (response !== undefined) resolve(response);
    });
  };
}

beforeEach(async () => {
  fake = await startFakeGateway();
  fake.cluster.completions.whereabouts = { state: 'queued', position: 3, eta: 1.26 };
  aborted = false;
  acceptAll();
});
afterEach(() => fake.gateway.stop(0));

interface Asking {
  readonly headers?: Record<string, string>;
  readonly stream?: boolean;
  readonly path?: string;
}

const ask = ({
  headers = {},
  stream = true,
  path = '/v1/chat/completions',
}: Asking = {}): Promise<OpenResponse> =>
  openRequest({ url: `${fake.url}${path}`, body: { model: 'smollm2', stream }, headers });

const textOf = (response: OpenResponse): string => response.received().toString();

async function brokenOff(response: OpenResponse): Promise<string> {
  await expect(response.whole()).rejects.toThrow('aborted');
  return textOf(response);
}

const LABELS = 'gen_ai_operation_name="chat",gen_ai_request_model="docker.io/ai/smollm2:latest"';

const metric = async (line: string): Promise<boolean> =>
  (await fake.metrics.registry.metrics()).split('\n').includes(line);

describe('a stream that waits', () => {
  it('gets its head and notices, and then exactly what the engine says', async () => {
    const response = await ask();
    expect(response.status).toBe(200);
    expect(response.headers).toMatchObject({
      'content-type': 'text/event-stream',
      'cache-control': 'no-cache',
      'x-accel-buffering': 'no',
      'x-longshore-request': 'gw.7',
      'x-longshore-queue-position': '3',
      'x-longshore-queue-eta': '1.260',
    });
    await eventually(() => textOf(response) === ': queued position=3 eta=1.3s\n\n');
    fake.cluster.completions.whereabouts = { state: 'loading' };
    await eventually(() => textOf(response).endsWith(': loading\n\n'));
    expect(
      await metric('longshore_waiting_requests{gen_ai_request_model="docker.io/ai/smollm2:latest"} 1'),
    ).toBe(true);
    const told = textOf(response);
    answer(eventStream(EVENTS));
    expect((await response.whole()).toString()).toBe(told + EVENTS.join(''));
    expect(
      await metric('longshore_waiting_requests{gen_ai_request_model="docker.io/ai/smollm2:latest"} 0'),
    ).toBe(true);
  });

  it("gets the engine's own head when that is there before its first byte", async () => {
    let speak = (): void => undefined;
    const silence = new Promise<void>((resolve) => (speak = resolve));
    const response = eventStream(
      (async function* () {
        await silence;
        yield* EVENTS;
      })(),
    );
    acceptAll(2, { ...response, headers: { ...response.headers, 'x-longshore-worker': 'w9' } });
    const { headers, ...open } = await ask();
    expect(headers['x-longshore-worker']).toBe('w9');
    speak();
    expect((await open.whole()).toString()).toMatch(
      /^: queued position=3 eta=1\.3s\n\n(?:: .*\n\n)*data: \{"a":1\}/,
    );
  });

  it('gets the refusal of the engine as its last event, and a broken connection', async () => {
    const response = await ask();
    answer({ ...jsonResponse('{"error":{"code":400,"message":"no","type":"x"}}'), status: 400 });
    const text = await brokenOff(response);
    expect(text).toMatch(/^(?:: .*\n\n)+data: \{"error":\{"code":400,"message":"no","type":"x"\}\}\n\n$/);
    await eventually(() => metric(`longshore_responses_total{${LABELS},outcome="completed"} 1`));
    expect(fake.log.some((line) => line.includes('broke off'))).toBe(false);
  });

  it('gets an answer that is no event stream as a failure', async () => {
    const response = await ask();
    answer(jsonResponse('{"object":"chat.completion"}'));
    expect(await brokenOff(response)).toContain('data: {"error":{"message":"{\\"object\\":');
  });

  it('gets a failure as its last event, and a broken connection', async () => {
    const response = await ask();
    fail(new LongshoreError('deadline_exceeded'));
    const text = await brokenOff(response);
    expect(text).toMatch(/^(?:: .*\n\n)+data: \{"error":\{.*"code":"deadline_exceeded"\}\}\n\n$/);
  });

  it('ends when its client hangs up', async () => {
    const response = await ask();
    response.hangUp();
    await eventually(() => aborted, Boolean, { within: 20_000 });
    const none = 'longshore_waiting_requests{gen_ai_request_model="docker.io/ai/smollm2:latest"} 0';
    expect(await eventually(() => metric(none))).toBe(true);
  });
});

describe('a request that waits in silence', () => {
  it.each<[string, Asking]>([
    ['one whose caller wants no notices', { headers: { 'x-queue-notices': 'off' } }],
    ['one that is not streamed', { stream: false }],
    ['one for embeddings', { path: '/v1/embeddings' }],
  ])('is %s, and keeps its own status', async (_, asking) => {
    const asked = ask(asking);
    await eventually(() => fake.cluster.completions.requests.length === 1);
    // Longer than the first notice would take.
    await new Promise((resolve) => setTimeout(resolve, 1_600));
    fail(new LongshoreError('deadline_exceeded'));
    const response = await asked;
    expect(response.status).toBe(504);
    expect(response.headers['x-longshore-queue-position']).toBe('3');
  });

  it('is one with nobody ahead that is answered at once: no headers about a queue', async () => {
    acceptAll(0, eventStream(EVENTS));
    const { headers, ...open } = await ask();
    expect(headers['x-longshore-request']).toBe('gw.7');
    expect(headers).not.toHaveProperty('x-longshore-queue-position');
    expect(headers).not.toHaveProperty('x-longshore-queue-eta');
    expect((await open.whole()).toString()).toBe(EVENTS.join(''));
  });
});

describe('a stream in the middle of its answer', () => {
  /** Says the first of two parts, and the second when that is over. */
  async function* halves(
    [first, second]: readonly string[],
    over: Promise<unknown>,
  ): AsyncGenerator<string, void, void> {
    yield first ?? '';
    await over;
    yield second ?? '';
  }
  /** Longer than the first notice would take. */
  const silence = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 3_000));

  it('is told that it waits while nobody goes on with it', async () => {
    fake.cluster.completions.whereabouts = { state: 'waiting' };
    const asked = ask();
    await eventually(() => fake.cluster.completions.requests.length === 1);
    let finish = (): void => undefined;
    const finished = new Promise<void>((resolve) => (finish = resolve));
    answer(eventStream(halves(EVENTS, finished)));
    const response = await asked;
    await eventually(() => textOf(response).startsWith(`${EVENTS[0]}: waiting\n\n`));
    finish();
    const [before, ...more] = (await response.whole()).toString().split(': waiting\n\n');
    // A machine that stands still in between makes it more than one.
    expect([before, more.join('')]).toEqual(EVENTS);
  });

  it('hears nothing while its engine thinks', async () => {
    fake.cluster.completions.whereabouts = { state: 'running' };
    const asked = ask();
    await eventually(() => fake.cluster.completions.requests.length === 1);
    answer(eventStream(halves(EVENTS, silence())));
    expect((await (await asked).whole()).toString()).toBe(EVENTS.join(''));
  });

  it('is not told anything in the middle of an event', async () => {
    fake.cluster.completions.whereabouts = { state: 'waiting' };
    const asked = ask();
    await eventually(() => fake.cluster.completions.requests.length === 1);
    answer(eventStream(halves(['data: {"a"', ':1}\n\n'], silence())));
    expect((await (await asked).whole()).toString()).toBe(EVENTS[0]);
  });
});

describe('a full waiting room', () => {
  it('is told in the dialect, with when to come back', async () => {
    fake.cluster.completions.respond = async () => {
      throw new LongshoreError('queue_full', undefined, undefined, 1.25);
    };
    const response = await ask();
    expect(response.status).toBe(429);
    expect(response.headers).toMatchObject({ 'retry-after': '2', 'retry-after-ms': '1250' });
    expect(JSON.parse((await response.whole()).toString())).toMatchObject({
      error: { type: 'rate_limit_error', code: 'queue_full' },
    });
    await eventually(() =>
      metric(
        'longshore_refused_requests_total{gen_ai_request_model="docker.io/ai/smollm2:latest",reason="queue_full"} 1',
      ),
    );
  });
});

describe('what a caller asks for in headers', () => {
  it('reaches the cluster, and a header overrules the service tier', async () => {
    const body = { model: 'smollm2', service_tier: 'flex' };
    const url = `${fake.url}/v1/chat/completions`;
    fake.cluster.completions.respond = async () => jsonResponse('{}');
    await openRequest({ url, body, headers: { 'x-request-timeout': '90s' } });
    await openRequest({ url, body, headers: { 'x-priority': 'high' } });
    expect(fake.cluster.completions.requests).toMatchObject([
      { timeout: 90_000, priority: 15 },
      { priority: 5, body: JSON.stringify(body) },
    ]);
  });

  it('is refused where it cannot be read, and names the header', async () => {
    const response = await ask({ headers: { 'x-priority': 'urgent' } });
    expect(response.status).toBe(400);
    expect(JSON.parse((await response.whole()).toString())).toMatchObject({
      error: { code: 'invalid_request', param: 'X-Priority' },
    });
    expect(fake.cluster.completions.requests).toEqual([]);
  });
});

describe("a stream of the Model Runner's command line", () => {
  const headers = { 'user-agent': 'docker-model-cli/v1.2.6' };
  const LINE = 'Waiting in the queue: number 3 in line, about 1 s to go.\n';

  it('is told in lines of plain text what goes on, and never after its first event', async () => {
    const response = await ask({ headers });
    expect(response.headers['content-type']).toBe('text/event-stream');
    await eventually(() => textOf(response) === LINE);
    fake.cluster.completions.whereabouts = { state: 'loading' };
    await eventually(() => textOf(response) === `${LINE}Waiting for the model to load…\n`);
    const told = textOf(response);
    let finish = (): void => undefined;
    const finished = new Promise<void>((resolve) => (finish = resolve));
    answer(
      eventStream(
        (async function* () {
          yield EVENTS[0] ?? '';
          await finished;
          yield EVENTS[1] ?? '';
        })(),
      ),
    );
    fake.cluster.completions.whereabouts = { state: 'waiting' };
    await eventually(() => textOf(response) === `${told}${EVENTS[0]}: waiting\n\n`);
    finish();
    expect((await response.whole()).toString()).toBe(`${told}${EVENTS[0]}: waiting\n\n${EVENTS[1]}`);
  });

  it('ends with the failure in a line and in an event, and a broken connection', async () => {
    const response = await ask({ headers });
    await eventually(() => textOf(response) === LINE);
    fail(new LongshoreError('load_failed', 'The model does not fit.'));
    const text = await brokenOff(response);
    expect(text.slice(LINE.length)).toMatch(
      /^The model does not fit\.\ndata: \{"error":\{"message":"The model does not/,
    );
  });

  it('is told nothing when it asks for that, and nothing where no stream was asked for', async () => {
    const quiet = ask({ headers: { ...headers, 'x-queue-notices': 'off' } });
    await eventually(() => fake.cluster.completions.requests.length === 1);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    answer(eventStream(EVENTS));
    expect((await (await quiet).whole()).toString()).toBe(EVENTS.join(''));
    const whole = ask({ headers, stream: false });
    await eventually(() => fake.cluster.completions.requests.length === 2);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    answer(jsonResponse('{"a":1}'));
    expect((await (await whole).whole()).toString()).toBe('{"a":1}');
  });
});
