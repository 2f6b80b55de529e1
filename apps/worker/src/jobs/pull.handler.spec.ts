import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { ENVELOPE_VERSION, Names, type PullEvent } from '#contracts';
import { createLogger, WorkerMetrics } from '#observability';
import { HandBack } from '#queue';
import type { LibraryPull } from '../residency/model-library.js';
import { ModelPullHandler } from './pull.handler.js';

const ONE = 'docker.io/ai/one:latest';
const TWO = 'docker.io/ai/two:latest';
const logger = createLogger('error', 'json');

/** A handler whose pulls last until they are aborted, and what it has told. */
function endlessPulls() {
  const told: PullEvent[] = [];
  const stopping = new AbortController();
  const handler = new ModelPullHandler({
    metrics: new WorkerMetrics(),
    logger,
    names: new Names(),
    stopping: stopping.signal,
    redis: {
      publish: (_channel: string, text: string) => {
        told.push(JSON.parse(text) as PullEvent);
        return Promise.resolve(1);
      },
    },
    library: {
      pull: async ({ signal }: LibraryPull) => {
        if (!signal.aborted) await once(signal, 'abort');
        throw signal.reason;
      },
    },
  });
  const pull = (reference: string) => handler.pull({ version: ENVELOPE_VERSION, reference });
  return { handler, pull, told, stop: () => stopping.abort() };
}

describe('a pull that is cancelled', () => {
  it('ends for everybody with a sentence, once its job is over, and no other pull does', async () => {
    const { handler, pull, told, stop } = endlessPulls();
    const [one, two] = [pull(ONE), pull(TWO)];
    handler.cancel(ONE);
    const outcome = { ok: false, failure: 'failed', message: 'the pull was cancelled' };
    expect(await one).toEqual(outcome);
    expect(told).toEqual([]);
    await handler.ended({ version: ENVELOPE_VERSION, reference: ONE }, await one);
    expect(told).toEqual([{ version: ENVELOPE_VERSION, reference: ONE, outcome }]);
    stop();
    await expect(two).rejects.toThrow(HandBack);
  });

  it('can be begun again, and a pull that does not run cannot be cancelled', async () => {
    const { handler, pull } = endlessPulls();
    handler.cancel(ONE);
    for (let times = 0; times < 2; times += 1) {
      const running = pull(ONE);
      handler.cancel(ONE);
      expect(await running).toMatchObject({ ok: false, message: 'the pull was cancelled' });
    }
  });
});
