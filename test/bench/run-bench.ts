import { mkdir } from 'node:fs/promises';
import { fixtureModel, findLlamaServer, REPOSITORY } from '#testing';
import type { BenchOptions, RowName } from './bench-options.js';
import { type BenchCluster, type BenchSubject, startBenchCluster } from './cluster/bench-cluster.js';
import { REAL_CONTEXT, REAL_SLOTS } from './cluster/real-engine.js';
import { measureDistribution } from './distribution/measure-distribution.js';
import type { TransferRun } from './distribution/transfer-run.js';
import { measureEngines } from './engines/measure-engines.js';
import type { LoadGenerator } from './load/load-generator.js';
import { Meter } from './measure/meter.js';
import { toggleProfile } from './measure/probed-process.js';
import type { Line } from './report/line.js';
import { describeMachine, type Machine } from './report/machine.js';
import type { Bench, Run, Scale } from './rows/bench.js';
import { realFirstToken, syntheticFirstToken } from './rows/first-token.js';
import { logCost } from './rows/log-cost.js';
import { openStreams } from './rows/open-streams.js';
import { steadyStreams } from './rows/steady-streams.js';
import { syntheticChat } from './rows/requests.js';
import { oneTokenRequests, realTokenRatio, tokenFlood } from './rows/throughput.js';

export interface BenchReport {
  readonly machine: Machine;
  readonly options: BenchOptions;
  readonly elapsedMs: number;
  /** Medians of the rounds. */
  readonly lines: readonly Line[];
  /** Every run of every round. */
  readonly runs: readonly Run[];
  /** Of distribution: every transfer. */
  readonly transfers: readonly TransferRun[];
  /** Sentences about what could not be measured, or went wrong. */
  readonly notes: readonly string[];
}

type Row = (bench: Bench, cluster: BenchCluster) => Promise<readonly Line[]>;

const SYNTHETIC_ROWS: Readonly<Partial<Record<RowName, Row>>> = {
  'first-token': syntheticFirstToken,
  'one-token': oneTokenRequests,
  flood: tokenFlood,
  steady: steadyStreams,
  memory: openStreams,
};

const FULL: Scale = { rounds: 3, time: 1 };
const QUICK: Scale = { rounds: 1, time: 0.3 };

/** More than any row has streams, so that no request waits for a slot. */
const SYNTHETIC_SLOTS = 1_100;

/** Compilers and caches get so long to settle before anything counts; ms. */
const WARM_UP_MS = 5_000;
const QUICK_WARM_UP_MS = 1_500;

/** The cluster is looked at doing nothing for this long; ms. */
const IDLE_MS = 2_000;

export async function runBench(
  options: BenchOptions,
  generator: LoadGenerator,
  say: (progress: string) => void,
): Promise<BenchReport> {
  const begin = performance.now();
  const runner = new Runner(options, generator, say);
  if (options.profile !== undefined) await mkdir(options.profile, { recursive: true });
  if (options.rows.some((row) => row in SYNTHETIC_ROWS)) await runner.runSynthetic();
  if (options.rows.includes('log')) await runner.runLog();
  if (options.rows.includes('real')) await runner.runReal();
  if (options.rows.includes('engines')) await runner.runEngines();
  if (options.rows.includes('distribution')) await runner.runDistribution();
  return { ...runner.results(), options, elapsedMs: performance.now() - begin };
}

class Runner {
  private readonly lines: Line[] = [];
  private readonly runs: Run[] = [];
  private readonly transfers: TransferRun[] = [];
  private readonly notes: string[] = [];
  private machine: Machine | undefined;

  constructor(
    private readonly options: BenchOptions,
    private readonly generator: LoadGenerator,
    private readonly say: (progress: string) => void,
  ) {}

  results(): Pick<BenchReport, 'machine' | 'lines' | 'runs' | 'transfers' | 'notes'> {
    const failures = this.runs.flatMap(({ row, side, report }) =>
      Object.entries(report.failures).map(([what, count]) => `${row}, ${side}: ${count} × ${what}`),
    );
    if (this.machine === undefined) throw new Error('Nothing was measured.');
    const { machine, lines, runs, transfers, notes } = this;
    return { machine, lines, runs, transfers, notes: [...notes, ...failures] };
  }

  async runSynthetic(): Promise<void> {
    this.say('Starting a cluster with the synthetic engine.');
    const model = { name: 'bench/synthetic:1', file: await fixtureModel('scripted') };
    const cluster = await startBenchCluster({
      engine: 'synthetic',
      models: [model],
      workerEnvironment: { LONGSHORE_SLOTS: String(SYNTHETIC_SLOTS) },
      profileFolder: this.options.profile,
    });
    await this.use(cluster, async () => {
      const [subject] = cluster.subjects;
      const bench = await this.bench(cluster, subject as BenchSubject);
      await this.warmUp(bench.subject);
      const profiled = this.options.profile === undefined ? [] : [cluster.gatewayPid, cluster.workerPid];
      profiled.forEach(toggleProfile);
      for (const name of this.options.rows) {
        const row = SYNTHETIC_ROWS[name];
        if (row !== undefined) await this.add(name, () => row(bench, cluster));
      }
      profiled.forEach(toggleProfile);
      if (profiled.length > 0) await new Promise((resolve) => setTimeout(resolve, 3_000));
    });
  }

  async runLog(): Promise<void> {
    this.say('Starting two clusters with the synthetic engine, one without the log.');
    const clusterWith = async (log: boolean): Promise<BenchCluster> =>
      startBenchCluster({
        engine: 'synthetic',
        models: [{ name: 'bench/synthetic:1', file: await fixtureModel('scripted') }],
        workerEnvironment: { LONGSHORE_SLOTS: String(SYNTHETIC_SLOTS) },
        gatewayEnvironment: { LONGSHORE_LOG: String(log) },
      });
    const logged = await clusterWith(true);
    await this.use(logged, async () => {
      const unlogged = await clusterWith(false);
      await this.use(unlogged, async () => {
        const on = await this.bench(logged, logged.subjects[0] as BenchSubject);
        const off = await this.bench(unlogged, unlogged.subjects[0] as BenchSubject);
        for (const { subject } of [on, off]) await this.warmUp(subject);
        await this.add('cost of the log', () => logCost({ on, off }));
      });
    });
  }

  async runReal(): Promise<void> {
    if (findLlamaServer() === undefined) {
      this.notes.push('There is no llama-server, so nothing was measured with a real engine.');
      return;
    }
    this.say('Starting a cluster with llama-server.');
    const cluster = await startBenchCluster({
      engine: 'llama-server',
      models: [
        { name: 'bench/scripted:1', file: await fixtureModel('scripted') },
        { name: 'bench/random:1', file: await fixtureModel('random') },
      ],
      workerEnvironment: {
        LONGSHORE_SLOTS: String(REAL_SLOTS),
        LONGSHORE_CONTEXT_SIZE: String(REAL_CONTEXT),
      },
    });
    await this.use(cluster, async () => {
      const [scripted, random] = cluster.subjects;
      const first = await this.bench(cluster, scripted as BenchSubject);
      await this.add('first token of llama-server', () => realFirstToken(first));
      await this.add('tokens of llama-server', () =>
        realTokenRatio({ ...first, subject: random as BenchSubject }),
      );
    });
  }

  async runEngines(): Promise<void> {
    const { quick } = this.options;
    await measureEngines({
      quick,
      rounds: quick ? QUICK.rounds : FULL.rounds,
      say: this.say,
      note: (sentence) => this.notes.push(sentence),
      add: (name, row) => this.add(name, row),
      use: (cluster, work) => this.use(cluster, work),
      bench: (cluster) => this.bench(cluster, cluster.subjects[0] as BenchSubject),
    });
  }

  async runDistribution(): Promise<void> {
    this.machine ??= await describeMachine(REPOSITORY);
    await this.add('distribution', async () => {
      const { lines, transfers, notes } = await measureDistribution(this.options.quick, this.say);
      this.transfers.push(...transfers);
      this.notes.push(...notes);
      return lines;
    });
  }

  private async use(cluster: BenchCluster, work: () => Promise<void>): Promise<void> {
    try {
      this.machine ??= await describeMachine(REPOSITORY, cluster.redis);
      await work();
    } finally {
      await cluster.stop();
    }
  }

  private async bench(cluster: BenchCluster, subject: BenchSubject): Promise<Bench> {
    const meter = new Meter(cluster, this.generator.pid);
    const { cost: idle } = await meter.during(() => new Promise((resolve) => setTimeout(resolve, IDLE_MS)));
    return {
      subject,
      generator: this.generator,
      meter,
      idle,
      scale: this.options.quick ? QUICK : FULL,
      keep: (run) => this.runs.push(run),
    };
  }

  /** Short requests through every part of the cluster, and a few to the engine. */
  private async warmUp(subject: BenchSubject): Promise<void> {
    const windowMs = this.options.quick ? QUICK_WARM_UP_MS : WARM_UP_MS;
    const body = syntheticChat(subject.reference, 8, 0);
    const load = { path: '/v1/chat/completions', body, clients: 32, rampMs: 0, pauseMs: 0 };
    await this.generator.run({ ...load, address: subject.cluster, windowMs });
    await this.generator.run({ ...load, address: subject.direct, windowMs: windowMs / 4 });
  }

  private async add(name: string, row: () => Promise<readonly Line[]>): Promise<void> {
    this.say(`Measuring: ${name}.`);
    try {
      this.lines.push(...(await row()));
    } catch (error) {
      this.notes.push(`${name} could not be measured: ${(error as Error).message}`);
    }
  }
}
