import Anthropic, { APIError, APIUserAbortError, BadRequestError, RateLimitError } from '@anthropic-ai/sdk';
import { beforeAll, describe, expect, it } from 'vitest';
import { type ClusterWorker, eventually, syntheticText, type SyntheticStats } from '#testing';
import { running, statsOf } from '../support/engines.js';
import { useCluster } from '../support/use-cluster.js';

const shared = useCluster({ gateways: 1, workers: 3, engine: 'synthetic' });

let client: Anthropic;
let model = '';
beforeAll(async () => {
  model = (await shared.pulled('scripted')).reference;
  client = new Anthropic({
    baseURL: `${shared.cluster.gateway().url}/anthropic`,
    apiKey: 'none',
    maxRetries: 0,
  });
  await client.messages.create({ ...ask(), max_tokens: 1 });
});

const living = (): readonly ClusterWorker[] => shared.cluster.workers.filter((worker) => worker.alive);

/** @param synthetic how the engine behaves, which it reads out of the body */
const ask = (synthetic: object = {}) =>
  ({
    model,
    max_tokens: 150,
    messages: [{ role: 'user', content: 'Hi' }],
    synthetic,
  }) as Anthropic.MessageCreateParamsNonStreaming;

async function busyWorker(): Promise<ClusterWorker> {
  const look = async (): Promise<ClusterWorker | undefined> => {
    for (const worker of living()) {
      const stats = await statsOf(worker).catch((): Partial<SyntheticStats> => ({}));
      if ((stats.open ?? 0) > 0) return worker;
    }
    return undefined;
  };
  return (await eventually(look, (worker) => worker !== undefined)) as ClusterWorker;
}

const engineIsIdle = () =>
  eventually(
    () => running(living()),
    (open) => open === 0,
    { within: 20_000, what: 'the engines to be idle' },
  );

describe("a stream of Anthropic's library", () => {
  it('goes on when its worker is killed, and every byte comes once', async () => {
    const pieces: string[] = [];
    const types: string[] = [];
    const stream = client.messages
      .stream(ask({ rate: 50 }))
      .on('text', (piece) => pieces.push(piece))
      .on('streamEvent', ({ type }) => types.push(type));
    await eventually(() => pieces.length > 5);
    const victim = await busyWorker();
    await victim.kill('SIGKILL');
    const message = await stream.finalMessage();
    expect(pieces.join('')).toBe(syntheticText(150));
    expect(message).toMatchObject({
      content: [{ type: 'text', text: syntheticText(150) }],
      stop_reason: 'max_tokens',
      usage: { output_tokens: 150 },
    });
    expect(types.filter((type) => type !== 'content_block_delta')).toEqual([
      'message_start',
      'content_block_start',
      'content_block_stop',
      'message_delta',
      'message_stop',
    ]);
  });

  it('that is aborted ends the work of the engine', async () => {
    const stream = client.messages.stream({ ...ask({ rate: 50 }), max_tokens: 1_000_000 });
    const pieces: string[] = [];
    stream.on('text', (piece) => pieces.push(piece));
    const ended = stream.done().catch((error: unknown) => error);
    await eventually(() => pieces.length > 5);
    stream.abort();
    expect(await ended).toBeInstanceOf(APIUserAbortError);
    await engineIsIdle();
  });

  it('that ends every engine which takes it fails with an error event', async () => {
    const message = client.messages.stream(ask({ crashAfter: 5 })).finalMessage();
    const failure = await message.catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(APIError);
    expect(failure).toMatchObject({ type: 'api_error', apiMessage: expect.stringContaining('ended') });
  });
});

describe("a call of Anthropic's library that is not streamed", () => {
  it('that is aborted ends the work of the engine', async () => {
    const hangingUp = new AbortController();
    const asked = { ...ask({ rate: 50 }), max_tokens: 1_000_000 };
    const ended = client.messages
      .create(asked, { signal: hangingUp.signal, timeout: 60_000 })
      .catch((error: unknown) => error);
    await busyWorker();
    hangingUp.abort();
    expect(await ended).toBeInstanceOf(APIUserAbortError);
    await engineIsIdle();
  });

  it.each([
    [400, BadRequestError, 'invalid_request_error'],
    [429, RateLimitError, 'rate_limit_error'],
  ] as const)(
    'that the engine refuses with %i throws what the library has for it',
    async (status, kind, type) => {
      const refusal = await client.messages.create(ask({ refuse: status })).catch((error: unknown) => error);
      expect(refusal).toBeInstanceOf(kind);
      expect(refusal).toMatchObject({ status, type, requestID: expect.stringMatching(/./) });
      expect((refusal as Error).message).toContain('was asked to refuse');
    },
  );

  it('counts tokens where the engine can only answer', async () => {
    const count = await client.messages.countTokens({ model, messages: ask().messages });
    expect(count.input_tokens).toBeGreaterThan(0);
  });
});
