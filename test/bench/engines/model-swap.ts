import { startLlamaServer } from '#testing';
import type { BenchCluster, BenchModel } from '../cluster/bench-cluster.js';
import { median } from '../measure/statistics.js';
import { atMost, type Line } from '../report/line.js';
import { timedChat } from './timed-chat.js';

/** Of what the engine takes by itself. */
const MOST_TIMES = 2;

/**
 * What it takes to ask for a model that is not loaded on a worker that has room for one only, against an engine of its
 * own that is started with the model.
 */
export async function modelSwap(
  cluster: BenchCluster,
  models: readonly BenchModel[],
  rounds: number,
): Promise<readonly Line[]> {
  const [swaps, starts]: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round++) {
    for (const [index, subject] of cluster.subjects.entries()) {
      const { cluster: address, reference } = subject;
      const url = 'port' in address ? `http://${address.host}:${address.port}` : '';
      swaps.push((await timedChat(url, bodyFor(reference))).firstTokenMs);
      const begin = performance.now();
      const server = await startLlamaServer({
        model: models[index]?.file ?? '',
        arguments: ['--ctx-size', '512'],
      });
      const loaded = performance.now() - begin;
      try {
        starts.push(loaded + (await timedChat(server.url, bodyFor(reference))).firstTokenMs);
      } finally {
        await server.stop();
      }
    }
  }
  const [swap, direct] = [median(swaps), median(starts)];
  const section = 'Changing between two models, one in memory at a time, llama-server';
  return [
    {
      section,
      what: 'request to first token, the other model',
      result: swap / direct,
      unit: '×',
      ratio: swap / direct,
      direct,
      cluster: swap,
      target: atMost(MOST_TIMES),
    },
  ];
}

function bodyFor(model: string) {
  return { model, messages: [{ role: 'user', content: 'a' }], max_tokens: 1, temperature: 0 };
}
