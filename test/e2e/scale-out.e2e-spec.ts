import { describe, expect, it } from 'vitest';
import { eventually, SCRIPTS, type StreamedChat, streamChat } from '#testing';
import { useCluster } from './support/use-cluster.js';

const WORKERS = 3;
const LANES = 24;
const shared = useCluster({
  gateways: 2,
  workers: WORKERS,
  engine: 'llama-server',
  workerEnvironment: { LONGSHORE_SLOTS: '2', LONGSHORE_THREADS: '1' },
});

/** One chat of 300 tokens; odd numbers through one gateway, even ones through the other. */
async function count(number: number): Promise<StreamedChat> {
  const { reference: model } = await shared.pulled('scripted');
  const { url } = shared.cluster.gateway(number % 2);
  // The head of a stream that was told how long it waits goes out before anybody knows who will answer.
  const headers = { 'x-queue-notices': 'off' };
  return streamChat(url, { model, prompt: SCRIPTS.count.prompt, headers });
}

function shares(chats: readonly StreamedChat[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { workerId } of chats) counts[workerId] = (counts[workerId] ?? 0) + 1;
  return counts;
}

/** Keeps `lanes` chats going until it is told to stop, and collects them. */
function keepBusy(lanes: number) {
  const chats: StreamedChat[] = [];
  const done = new AbortController();
  const run = async (lane: number): Promise<void> => {
    while (!done.signal.aborted) chats.push(await count(lane));
  };
  const running = Promise.all(Array.from({ length: lanes }, (_, lane) => run(lane)));
  // Told to who ends it, not to the whole process.
  running.catch(() => undefined);
  return {
    chats,
    async end(): Promise<readonly StreamedChat[]> {
      done.abort();
      await running;
      return chats;
    },
  };
}

describe('two gateways and three workers', () => {
  it('answer 60 chats at once, every text whole, none of the workers with less than a fifth', async () => {
    // The first bursts spread the model; a cluster in use has it everywhere.
    await eventually(
      async () => shares(await Promise.all(Array.from({ length: 30 }, (_, number) => count(number)))),
      (share) => Object.keys(share).length === WORKERS,
      { within: 60_000, what: 'every worker to answer' },
    );
    const chats = await Promise.all(Array.from({ length: 60 }, (_, number) => count(number)));
    expect(chats.filter(({ text }) => text !== SCRIPTS.count.text)).toEqual([]);
    const share = shares(chats);
    expect(Object.keys(share)).toHaveLength(WORKERS);
    expect(Object.values(share).filter((answered) => answered < chats.length / 5)).toEqual([]);
  });

  it('fail not one request while a busy worker is stopped', async () => {
    const leaving = shared.cluster.worker(1);
    const load = keepBusy(LANES);
    await eventually(() => load.chats.some(({ workerId }) => workerId === leaving.workerId));
    await leaving.stop();
    const before = load.chats.length;
    await eventually(() => load.chats.length > before + LANES);
    const chats = await load.end();
    expect(chats.filter(({ text }) => text !== SCRIPTS.count.text)).toEqual([]);
  });
});
