import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fixtureModel } from '#testing';
import { type BenchCluster, startBenchCluster } from './cluster/bench-cluster.js';
import type { Load, LoadReport } from './load/load.js';
import { runLoad } from './load/run-load.js';
import {
  allCommands,
  readRedisUsage,
  type RedisUsage,
  scriptCalls,
  usageBetween,
  withoutIdle,
} from './measure/redis-usage.js';
import { syntheticChat } from './rows/requests.js';

/**
 * Counts, because they are the same on any machine and under any load. Wall time and CPU time are not gated: on a
 * shared machine with two cores the CPU of the same request differs by more than a regression worth catching.
 */
const MOST = {
  /** Measured: 26.5 one at a time, 23.9 with many in flight; 2 or 3 of them are the log. A look that finds nothing would add 5. */
  commandsEachRequest: 31,
  /** Measured: 4.1 one at a time (add, fetch, answer, finish), 2.5 with many in flight. */
  scriptsEachRequest: 4.7,
  /** Measured: 1.0, and 2 where an answer's head and end come in different turns of the event loop. */
  messagesEachRequest: 2.2,
  /** Measured: 2,670 one at a time, 2,200 with many in flight. */
  bytesEachRequest: 3_200,
  /**
   * Measured: 0.001 to 0.058. The engine writes 16 tokens at once, so that 0.067 is one message for each of its writes
   * and for head and end: as many as there can be when no two streams share a turn. A message for each token would be 1.
   */
  messagesEachToken: 0.08,
};

const IDLE_MS = 1_500;
const OTHER_EVENTS = 3;

let cluster: BenchCluster;
let idle: Measured;

interface Measured {
  readonly usage: RedisUsage;
  readonly elapsedMs: number;
}

async function measure<T>(work: () => Promise<T>): Promise<Measured & { readonly result: T }> {
  const before = await readRedisUsage(cluster.redis);
  const begin = performance.now();
  const result = await work();
  const elapsedMs = performance.now() - begin;
  return { result, elapsedMs, usage: usageBetween(before, await readRedisUsage(cluster.redis)) };
}

async function usageOf(
  tokens: number,
  load: Pick<Load, 'clients' | 'rampMs'>,
): Promise<{ readonly report: LoadReport; readonly usage: RedisUsage }> {
  const [subject] = cluster.subjects;
  if (subject === undefined) throw new Error('The cluster has no model.');
  const body = syntheticChat(subject.reference, tokens, 0);
  const { result, usage, elapsedMs } = await measure(() =>
    runLoad(
      {
        address: subject.cluster,
        path: '/v1/chat/completions',
        body,
        ...load,
        windowMs: 1,
        pauseMs: 0,
        once: true,
      },
      Infinity,
    ),
  );
  expect(result).toMatchObject({ failures: {}, allRequests: load.clients });
  return { report: result, usage: withoutIdle(usage, idle.usage, elapsedMs / idle.elapsedMs) };
}

beforeAll(async () => {
  cluster = await startBenchCluster({
    engine: 'synthetic',
    models: [{ name: 'gate/synthetic:1', file: await fixtureModel('scripted') }],
    workerEnvironment: { LONGSHORE_SLOTS: '128' },
  });
  idle = await measure(() => new Promise((resolve) => setTimeout(resolve, IDLE_MS)));
});
afterAll(() => cluster.stop());

describe('what a request costs Redis', () => {
  it('stays within its bounds when requests come one at a time', async () => {
    const { usage, report } = await usageOf(1, { clients: 50, rampMs: 2_000 });
    const each = (count: number): number => count / report.allRequests;
    console.log(`one at a time: ${describeEach(usage, each)}`);
    expect(each(allCommands(usage))).toBeLessThan(MOST.commandsEachRequest);
    expect(each(scriptCalls(usage))).toBeLessThan(MOST.scriptsEachRequest);
    expect(each(usage.calls['publish'] ?? 0)).toBeLessThan(MOST.messagesEachRequest);
    expect(each(usage.bytesIn)).toBeLessThan(MOST.bytesEachRequest);
  });

  it('is no more when they come all at once', async () => {
    const { usage, report } = await usageOf(1, { clients: 100, rampMs: 0 });
    const each = (count: number): number => count / report.allRequests;
    console.log(`all at once: ${describeEach(usage, each)}`);
    expect(each(allCommands(usage))).toBeLessThan(MOST.commandsEachRequest);
    expect(each(usage.calls['publish'] ?? 0)).toBeLessThan(MOST.messagesEachRequest);
  });
});

describe('what a token costs Redis', () => {
  it('is a small share of a message when tokens come fast', async () => {
    const tokens = 500;
    const { usage, report } = await usageOf(tokens, { clients: 32, rampMs: 0 });
    // On a slow machine more, for a stream is told when it has waited for a second.
    expect(report.allEvents).toBeGreaterThanOrEqual(32 * (tokens + OTHER_EVENTS));
    const messages = (usage.calls['publish'] ?? 0) / (32 * tokens);
    console.log(`messages each token: ${messages.toFixed(4)}`);
    expect(messages).toBeLessThan(MOST.messagesEachToken);
  });
});

function describeEach(usage: RedisUsage, each: (count: number) => number): string {
  const counts = {
    commands: allCommands(usage),
    scripts: scriptCalls(usage),
    messages: usage.calls['publish'] ?? 0,
    'bytes in': usage.bytesIn,
  };
  return Object.entries(counts)
    .map(([name, count]) => `${each(count).toFixed(2)} ${name}`)
    .join(', ');
}
