import { describe, expect, it } from 'vitest';
import { eventually, type StreamedChat, streamChat, syntheticText } from '#testing';
import { useCluster } from './support/use-cluster.js';

const TOKENS = 50;
const LANES = 12;
/**
 * From a new worker's being ready to its first answer to a client, fetching and loading the model included; where this
 * machine is so busy that the worker itself took longer to start, as long as that.
 */
const JOINED_WITHIN_MS = 10_000;

// The engine is paced, so that it is its slots that are short and not this machine's cores.
const shared = useCluster({ gateways: 2, workers: 1, engine: 'synthetic' });

describe('a worker that is added while every slot is busy', () => {
  it('answers soon after it is ready, and nobody notices', async () => {
    const { reference: model } = await shared.pulled('scripted');
    const chats: StreamedChat[] = [];
    const done = new AbortController();
    const parameters = { max_tokens: TOKENS, synthetic: { rate: 200 } };
    const lane = async (number: number): Promise<void> => {
      const { url } = shared.cluster.gateway(number % 2);
      while (!done.signal.aborted) chats.push(await streamChat(url, { model, prompt: 'Hello', parameters }));
    };
    const lanes = Promise.all(Array.from({ length: LANES }, (_, number) => lane(number)));
    lanes.catch(() => undefined);
    try {
      await eventually(() => chats.length > LANES);
      const begun = performance.now();
      const added = await shared.cluster.addWorker();
      const ready = performance.now();
      const within = Math.max(JOINED_WITHIN_MS, ready - begun);
      const options = { within, what: 'the new worker to answer' };
      await eventually(() => chats.some(({ workerId }) => workerId === added.workerId), Boolean, options);
      const took = Math.round(performance.now() - ready);
      console.info(`ready after ${Math.round(ready - begun)} ms, first answer ${took} ms later`);
    } finally {
      done.abort();
      await lanes;
    }
    expect(chats.filter(({ text }) => text !== syntheticText(TOKENS))).toEqual([]);
  });
});
