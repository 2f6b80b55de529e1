import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { LongshoreError } from '#contracts';
import { eventually, openRequest, type OpenResponse } from '#testing';
import { eventStream, jsonResponse } from './__fakes__/fake-completions.js';
import { startFakeGateway, type FakeGateway } from './__fakes__/start-fake-gateway.js';
import type { CompletionResponse } from './completions/completions.js';

const event = (data: object): string => `data: ${JSON.stringify(data)}\n\n`;
const WORD = event({ choices: [{ index: 0, delta: { content: 'Fine.' } }] });
const END = event({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] }) + 'data: [DONE]\n\n';
const ERROR = event({ error: { message: 'out of memory', code: 500 } });

/** What an engine says before its answer ends in one way or another. */
async function* said(...end: readonly (string | Error)[]): AsyncGenerator<string, void, void> {
  for (const part of [WORD, ...end]) {
    if (part instanceof Error) throw part;
    yield part;
  }
}

interface Asking {
  readonly path: string;
  readonly body: object;
}

const MODEL = 'smollm2';
const messages = [{ role: 'user', content: 'Hi' }];

/** Calls whose answers are made of streamed chat completions, by dialect. */
const CALLS: Readonly<Record<string, Asking>> = {
  'OpenAI, streamed': { path: '/v1/chat/completions', body: { messages, stream: true } },
  'OpenAI by its native path, streamed': {
    path: '/engines/llama.cpp/v1/chat/completions',
    body: { messages, stream: true },
  },
  'Responses, streamed': { path: '/v1/responses', body: { input: 'Hi', stream: true } },
  'Responses, whole': { path: '/v1/responses', body: { input: 'Hi' } },
  'Responses, in the background': { path: '/v1/responses', body: { input: 'Hi', background: true } },
  'Anthropic, streamed': { path: '/v1/messages', body: { messages, max_tokens: 9, stream: true } },
  'Anthropic, whole': { path: '/v1/messages', body: { messages, max_tokens: 9 } },
  'Ollama, streamed': { path: '/api/chat', body: { messages } },
  'Ollama, whole': { path: '/api/chat', body: { messages, stream: false } },
};

/** Ways an answer may end that its client waits for, and what each counts as. */
const ENDS: readonly (readonly [string, () => Promise<CompletionResponse>, string])[] = [
  ['ends as it should', async () => eventStream(said(END)), 'completed'],
  ['breaks off', async () => eventStream(said(new LongshoreError('engine_failed'))), 'failed'],
  ['takes too long', async () => eventStream(said(new LongshoreError('deadline_exceeded'))), 'failed'],
  ['is cancelled', async () => eventStream(said(new LongshoreError('cancelled'))), 'failed'],
  ['tells of an error of the engine', async () => eventStream(said(ERROR, END)), 'failed'],
  ['does not begin', () => Promise.reject(new LongshoreError('engine_failed')), 'failed'],
  ['does not begin in time', () => Promise.reject(new LongshoreError('deadline_exceeded')), 'failed'],
  ['is an error of the engine', async () => ({ ...jsonResponse('{"error":{}}'), status: 500 }), 'failed'],
  [
    'is a refusal of what was asked',
    async () => ({ ...jsonResponse('{"error":{}}'), status: 400 }),
    'completed',
  ],
];

let fake: FakeGateway;

beforeAll(async () => {
  fake = await startFakeGateway();
});
afterAll(() => fake.gateway.stop(0));
beforeEach(() => fake.metrics.registry.resetMetrics());

function respond(answer: (signal: AbortSignal) => Promise<CompletionResponse>): void {
  fake.cluster.completions.respond = async (request, signal) => {
    const place = { requestId: 'gw.1', queue: 'q', model: MODEL, ahead: 0, workerId: () => undefined };
    request.onAccepted?.(place);
    const { headers, ...rest } = await answer(signal);
    return { ...rest, headers: { ...headers, 'x-longshore-request': 'gw.1' } };
  };
}

const ask = ({ path, body }: Asking, signal = new AbortController().signal): Promise<OpenResponse> =>
  openRequest({ url: `${fake.url}${path}`, body: { model: MODEL, ...body }, signal });

/** What has been counted, in the order of the metrics. */
async function outcomes(): Promise<readonly string[]> {
  const text = await fake.metrics.registry.metrics();
  return [...text.matchAll(/^longshore_responses_total\{.*outcome="([^"]*)"\} (\d+)$/gm)].map(
    ([, outcome, times]) => `${outcome} ${times}`,
  );
}

const firstOutcomes = (): Promise<readonly string[]> => eventually(outcomes, ({ length }) => length > 0);

describe.each(Object.entries(CALLS))('an answer to a client of %s', (_, asking) => {
  it.each(ENDS)('that %s is counted as what it is', async (_, answer, outcome) => {
    respond(answer);
    const response = await ask(asking);
    await response.whole().catch(() => undefined);
    expect(await firstOutcomes()).toEqual([`${outcome} 1`]);
    expect(fake.log.filter((line) => line.includes('unforeseen'))).toEqual([]);
  });
});

describe.each(Object.entries(CALLS).filter(([name]) => !name.includes('background')))(
  'a client of %s',
  (_, asking) => {
    it.each(['before', 'within'])('that goes away %s its answer is counted as gone', async (when) => {
      let answers = (): void => undefined;
      const answering = new Promise<void>((resolve) => (answers = resolve));
      const gone = (signal: AbortSignal): Promise<never> =>
        new Promise((_, reject) => {
          const hangUp = (): void => reject(new LongshoreError('internal', 'The client went away.'));
          signal.addEventListener('abort', hangUp, { once: true });
          if (signal.aborted) hangUp();
        });
      respond((signal) => {
        answers();
        if (when === 'before') return gone(signal);
        async function* begun(): AsyncGenerator<string, void, void> {
          yield WORD;
          await gone(signal);
        }
        return Promise.resolve(eventStream(begun()));
      });
      const client = new AbortController();
      const ended = ask(asking, client.signal)
        .then((response) => response.whole())
        .catch(() => undefined);
      await answering;
      client.abort();
      await ended;
      expect(await firstOutcomes()).toEqual(['client-gone 1']);
    });
  },
);
