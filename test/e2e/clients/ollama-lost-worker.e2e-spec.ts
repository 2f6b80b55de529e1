import { Ollama } from 'ollama';
import { expect, it } from 'vitest';
import { isAlive, syntheticEnginePath, syntheticText } from '#testing';
import { engineOf } from '../support/engines.js';
import { useCluster } from '../support/use-cluster.js';

const TOKENS = 100;
/** Tokens a second: the worker is killed long before it is done. */
const RATE = 40;
const shared = useCluster(async () => ({
  gateways: 1,
  workers: 2,
  engine: 'synthetic',
  workerEnvironment: { LLAMA_SERVER_PATH: await syntheticEnginePath({ rate: RATE }) },
}));

it('a stream of the Ollama API has every token once when its worker is killed in the middle', async () => {
  const { reference: model } = await shared.pulled('scripted');
  const ollama = new Ollama({ host: shared.cluster.gateway().url });
  const stream = await ollama.chat({
    model,
    messages: [{ role: 'user', content: 'Count.' }],
    options: { num_predict: TOKENS },
    stream: true,
  });
  let text = '';
  let killed = 0;
  let seen = 0;
  let last: { done: boolean; done_reason: string; eval_count: number } | undefined;
  for await (const line of stream) {
    text += line.message.content;
    last = line;
    if (killed !== 0 || ++seen < TOKENS / 4) continue;
    killed = shared.cluster.workers.find((worker) => hasEngine(worker))?.pid ?? 0;
    process.kill(killed, 'SIGKILL');
    // It is not over: as much is still to come.
    expect(text).not.toBe(syntheticText(TOKENS));
  }
  expect(isAlive(killed)).toBe(false);
  expect(text).toBe(syntheticText(TOKENS));
  expect(last).toMatchObject({ done: true, done_reason: 'length' });
});

function hasEngine(worker: Parameters<typeof engineOf>[0]): boolean {
  try {
    return engineOf(worker).pid > 0;
  } catch {
    return false;
  }
}
