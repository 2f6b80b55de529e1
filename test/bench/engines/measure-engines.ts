import { findLlamaServer, fixtureModel } from '#testing';
import { type BenchCluster, type BenchModel, startBenchCluster } from '../cluster/bench-cluster.js';
import { REAL_CONTEXT, REAL_SLOTS } from '../cluster/real-engine.js';
import type { Line } from '../report/line.js';
import type { Bench } from '../rows/bench.js';
import { startAffinityCluster } from './affinity-cluster.js';
import { engineStreams } from './engine-streams.js';
import { modelSwap } from './model-swap.js';
import { prefixAffinity } from './prefix-affinity.js';

export interface EngineMeasurement {
  readonly quick: boolean;
  readonly rounds: number;
  readonly say: (progress: string) => void;
  /** Takes a sentence about what could not be measured. */
  readonly note: (sentence: string) => void;
  /** Measures a row and keeps its lines. */
  readonly add: (name: string, row: () => Promise<readonly Line[]>) => Promise<void>;
  /** Works with a cluster, and stops it. */
  readonly use: (cluster: BenchCluster, work: () => Promise<void>) => Promise<void>;
  /** Of the first model of a cluster. */
  readonly bench: (cluster: BenchCluster) => Promise<Bench>;
}

/** The rows about real engines: streams, changing models, and prefix affinity. */
export async function measureEngines(measurement: EngineMeasurement): Promise<void> {
  if (findLlamaServer() === undefined) {
    measurement.note('There is no llama-server, so no engine was measured.');
    return;
  }
  const random = { name: 'bench/random:1', file: await fixtureModel('random') };
  const scripted = { name: 'bench/scripted:1', file: await fixtureModel('scripted') };
  await measureStreams(measurement, random);
  await measureModelSwap(measurement, [random, scripted]);
  await measureAffinity(measurement, random);
}

async function measureStreams({ say, use, bench, add }: EngineMeasurement, model: BenchModel): Promise<void> {
  say('Starting a cluster with llama-server.');
  const cluster = await startBenchCluster({
    engine: 'llama-server',
    models: [model],
    workerEnvironment: {
      LONGSHORE_SLOTS: String(REAL_SLOTS),
      LONGSHORE_CONTEXT_SIZE: String(REAL_CONTEXT),
    },
  });
  await use(cluster, async () => {
    const measured = await bench(cluster);
    await add('streams of llama-server', () => engineStreams(measured));
  });
}

async function measureModelSwap(
  { say, use, add, rounds }: EngineMeasurement,
  models: readonly BenchModel[],
): Promise<void> {
  say('Starting a cluster with room for one model.');
  const cluster = await startBenchCluster({
    engine: 'llama-server',
    models,
    workerEnvironment: { LONGSHORE_MAX_SESSIONS: '1', LONGSHORE_CONTEXT_SIZE: String(REAL_CONTEXT) },
  });
  await use(cluster, () => add('changing models', () => modelSwap(cluster, models, rounds)));
}

async function measureAffinity(
  { say, add, rounds, quick }: EngineMeasurement,
  model: BenchModel,
): Promise<void> {
  say('Starting two clusters with four workers each, one without prefix affinity.');
  const on = await startAffinityCluster(model, true);
  try {
    const off = await startAffinityCluster(model, false);
    try {
      const scale = { conversations: 1, turns: quick ? 4 : 6 };
      await add('prefix affinity', () => prefixAffinity({ on, off, rounds, ...scale }));
    } finally {
      await off.stop();
    }
  } finally {
    await on.stop();
  }
}
