import { beforeAll, describe, expect, it } from 'vitest';
import {
  askChat,
  eventually,
  openChat,
  type OpenResponse,
  syntheticEnginePath,
  syntheticText,
  streamChat,
  type SyntheticStats,
} from '#testing';
import { statsOf } from './support/engines.js';
import { completionJobs } from './support/redis-leftovers.js';
import { useCluster } from './support/use-cluster.js';

const LOAD_MS = 3_000;
const NEXT_TOKENS = 7;
const NEXT_TEXT = syntheticText(NEXT_TOKENS);
/** From the client's hanging up to an idle engine, on a busy machine. */
const SOON = { within: 20_000, what: 'the engine to be idle and the jobs to be gone' };

const shared = useCluster(async () => ({
  gateways: 1,
  workers: 1,
  engine: 'synthetic',
  workerEnvironment: {
    LONGSHORE_SLOTS: '1',
    LONGSHORE_MAX_SESSIONS: '1',
    LLAMA_SERVER_PATH: await syntheticEnginePath({ loadMs: LOAD_MS }),
  },
}));

let model = '';
let url = '';

const stats = (): Promise<SyntheticStats> => statsOf(shared.cluster.worker());
const engineIsIdle = () => eventually(stats, ({ open }) => open === 0, SOON);
const jobs = () => completionJobs(shared.cluster.redis.url);

/** A chat that takes hours unless somebody stops it. */
function openLongChat(synthetic: object): Promise<OpenResponse> {
  return openChat(url, { model, prompt: 'Hello', parameters: { max_tokens: 1_000_000, synthetic } });
}

/** Begins a request without waiting for its head. */
function begin(synthetic: object, stream: boolean) {
  const hangingUp = new AbortController();
  const request = {
    model,
    prompt: 'Hello',
    parameters: { max_tokens: 1_000_000, synthetic },
    signal: hangingUp.signal,
  };
  const answer: Promise<unknown> = stream ? openChat(url, request) : askChat(url, request);
  const outcome = answer.then(
    () => 'answered',
    () => 'hung up',
  );
  return {
    hangUp: () => {
      hangingUp.abort();
      return outcome;
    },
  };
}

/** The text of the next chat, once no job is left. */
async function nextText(): Promise<string> {
  const chat = await streamChat(url, { model, prompt: 'Hello', parameters: { max_tokens: NEXT_TOKENS } });
  await eventually(jobs, (left) => left.length === 0);
  return chat.text;
}

beforeAll(async () => {
  model = (await shared.pulled('scripted')).reference;
  url = shared.cluster.gateway().url;
});

describe('a client that hangs up', () => {
  it('while the model is loading leaves no job, and the engine is never asked', async () => {
    const request = begin({}, true);
    await eventually(jobs, (waiting) => waiting.length === 1, SOON);
    expect(await request.hangUp()).toBe('hung up');
    expect(await eventually(jobs, (waiting) => waiting.length === 0, SOON)).toEqual([]);
    const { requests } = await eventually(stats, () => true, { within: 60_000 });
    expect(requests).toBe(0);
    expect(await nextText()).toBe(NEXT_TEXT);
    expect((await stats()).requests).toBe(1);
  });

  it.each([true, false])(
    'in the queue leaves no job, and the engine is never asked (stream: %s)',
    async (stream) => {
      const running = await openLongChat({ rate: 50 });
      const { requests } = await stats();
      const request = begin({}, stream);
      await eventually(jobs, (waiting) => waiting.length === 2);
      expect(await request.hangUp()).toBe('hung up');
      await eventually(jobs, (waiting) => waiting.length === 1, SOON);
      running.hangUp();
      await engineIsIdle();
      expect((await stats()).requests).toBe(requests);
      expect(await nextText()).toBe(NEXT_TEXT);
    },
  );

  it.each([true, false])('in prefill stops the engine (stream: %s)', async (stream) => {
    const request = begin({ prefillMs: 600_000 }, stream);
    await eventually(stats, ({ open }) => open === 1);
    expect(await request.hangUp()).toBe('hung up');
    await engineIsIdle();
    expect(await nextText()).toBe(NEXT_TEXT);
  });

  it('in decode stops the engine', async () => {
    const { aborted } = await stats();
    const running = await openLongChat({ rate: 50 });
    await eventually(() => running.received().includes('t5'));
    running.hangUp();
    await engineIsIdle();
    expect((await stats()).aborted).toBe(aborted + 1);
    expect(await nextText()).toBe(NEXT_TEXT);
  });

  it('in decode without a stream stops the engine', async () => {
    const { tokens } = await stats();
    const request = begin({ rate: 100 }, false);
    await eventually(stats, (now) => now.tokens > tokens + 10);
    expect(await request.hangUp()).toBe('hung up');
    await engineIsIdle();
    expect(await nextText()).toBe(NEXT_TEXT);
  });

  it('again and again leaves the cluster in order', async () => {
    const requests = Array.from({ length: 20 }, (_, index) => begin({ rate: 50 }, index % 2 === 0));
    await eventually(jobs, (waiting) => waiting.length === 20);
    await Promise.all(requests.map((request) => request.hangUp()));
    await eventually(jobs, (waiting) => waiting.length === 0, SOON);
    await engineIsIdle();
    expect(await nextText()).toBe(NEXT_TEXT);
  });
});
