import { beforeAll, describe, expect, it } from 'vitest';
import {
  assembleChat,
  eventually,
  openRequest,
  type OpenResponse,
  parseSse,
  type RedisFixture,
  startRedis,
  syntheticEnginePath,
  syntheticText,
} from '#testing';
import { statsOf } from './support/engines.js';
import { completionJobs } from './support/redis-leftovers.js';
import { useCluster } from './support/use-cluster.js';

const LOAD_MS = 3_500;
/** From the end of a request for the caller to an idle engine, on a busy machine; ms. */
const IDLE_WITHIN = 20_000;

let redis: RedisFixture;
const shared = useCluster(async () => {
  redis = await startRedis({ appendOnly: true });
  return {
    gateways: 1,
    workers: 1,
    engine: 'synthetic',
    redis,
    gatewayEnvironment: { LONGSHORE_LOG_RETENTION: '1s' },
    workerEnvironment: {
      LONGSHORE_SLOTS: '1',
      LONGSHORE_MAX_SESSIONS: '1',
      LLAMA_SERVER_PATH: await syntheticEnginePath({ loadMs: LOAD_MS }),
    },
  };
});

let model = '';
beforeAll(async () => {
  model = (await shared.pulled('scripted')).reference;
});

const jobs = () => completionJobs(shared.cluster.redis.url);
const stats = () => statsOf(shared.cluster.worker());
const textOf = (response: OpenResponse): string => response.received().toString();
const commentsOf = (response: OpenResponse): string[] =>
  [...textOf(response).matchAll(/^: (.*)$/gm)].map(([, comment]) => comment ?? '');

function open(parameters: Record<string, unknown> = {}, headers = {}): Promise<OpenResponse> {
  const messages = [{ role: 'user', content: 'Hello' }];
  return openRequest({
    url: `${shared.cluster.gateway().url}/v1/chat/completions`,
    headers,
    body: { model, messages, stream: true, max_tokens: 5, ...parameters },
  });
}

/** A chat that holds the only slot until it is hung up. */
async function occupy(): Promise<OpenResponse> {
  const running = await open({ max_tokens: 1_000_000, synthetic: { rate: 50 } });
  await eventually(() => running.received().includes('t3'));
  return running;
}

async function expectAnswer(response: OpenResponse, tokens: number): Promise<void> {
  const { text } = assembleChat(parseSse(await response.whole()));
  expect(text).toBe(syntheticText(tokens));
}

describe('a stream that waits', () => {
  it('is told that its model is loading, and then answered', async () => {
    const response = await open();
    expect(response.status).toBe(200);
    expect(response.headers['content-type']).toBe('text/event-stream');
    expect(String(response.headers['x-longshore-request'])).toMatch(/^gw-[0-9a-f]+\.\d+$/);
    await expectAnswer(response, 5);
    expect(commentsOf(response)).toContain('loading stage=starting');
  });

  it('is told its place as it moves on, and then answered', async () => {
    const running = await occupy();
    const first = await open({ synthetic: { rate: 1 } });
    const second = await open();
    expect(second.headers['x-longshore-queue-position']).toBe('2');
    const [comment] = await eventually(
      () => commentsOf(second),
      (comments) => comments.length > 0,
    );
    expect(comment).toMatch(/^queued position=2 eta=\d+\.\ds$/);
    running.hangUp();
    await eventually(() => commentsOf(second).some((comment) => comment.startsWith('queued position=1 ')));
    await Promise.all([expectAnswer(first, 5), expectAnswer(second, 5)]);
  });

  it('leaves no job when its client hangs up, and the engine is never asked', async () => {
    const running = await occupy();
    const { requests } = await stats();
    const response = await open();
    await eventually(jobs, (waiting) => waiting.length === 2);
    response.hangUp();
    await eventually(jobs, (left) => left.length === 1, { within: IDLE_WITHIN });
    running.hangUp();
    await eventually(jobs, (left) => left.length === 0);
    expect((await stats()).requests).toBe(requests);
  });

  it('stops the engine in prefill when its client hangs up', async () => {
    const response = await open({ synthetic: { prefillMs: 600_000 } });
    await eventually(() => commentsOf(response).includes('running'));
    expect((await stats()).open).toBe(1);
    response.hangUp();
    expect(await eventually(stats, (now) => now.open === 0, { within: IDLE_WITHIN })).toMatchObject({
      open: 0,
    });
  });

  it('ends at its deadline with an error event', async () => {
    const running = await occupy();
    // A notice comes after 1 s, the next one 2 s later.
    const response = await open({}, { 'x-request-timeout': '2200ms' });
    await expect(response.whole()).rejects.toThrow('aborted');
    expect(textOf(response)).toMatch(/^: queued .*\n\ndata: \{"error":.*"code":"deadline_exceeded"\}\}\n\n$/);
    await eventually(jobs, (left) => left.length === 1, { within: IDLE_WITHIN });
    running.hangUp();
  });

  it('gets the refusal of its engine as an error event', async () => {
    const running = await occupy();
    const response = await open({ synthetic: { refuse: 422 } });
    running.hangUp();
    await expect(response.whole()).rejects.toThrow('aborted');
    const events = parseSse(Buffer.from(textOf(response)));
    expect(JSON.parse(events.at(-1)?.data ?? '')).toEqual({
      error: {
        code: 422,
        message: 'The synthetic engine was asked to refuse.',
        type: 'invalid_request_error',
      },
    });
    expect(events.filter(({ data }) => data !== undefined)).toHaveLength(1);
  });

  it('is told nothing where its caller wants no notices, and keeps the status of the engine', async () => {
    const running = await occupy();
    const asked = open({ synthetic: { refuse: 422 } }, { 'x-queue-notices': 'off' });
    setTimeout(() => running.hangUp(), 2_500);
    const response = await asked;
    expect(response.status).toBe(422);
    expect(textOf(response)).not.toContain(': ');
  });
});

describe('a stream in the middle of its answer', () => {
  it('is told that it waits while Redis is away, and goes on without a byte lost', async () => {
    const response = await open({ max_tokens: 400, synthetic: { rate: 100 } });
    await eventually(() => response.received().includes('t20'));
    const told = commentsOf(response).length;
    await redis.kill();
    await eventually(() => commentsOf(response).includes('waiting'), Boolean, { within: 20_000 });
    await redis.restart();
    await expectAnswer(response, 400);
    const comments = commentsOf(response).slice(told);
    expect(comments.filter((comment) => comment !== 'waiting')).toEqual([]);
  });
});
