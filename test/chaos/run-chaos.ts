import { setMaxListeners } from 'node:events';
import { availableParallelism } from 'node:os';
import type { ChaosOptions } from './chaos-options.js';
import { PatientClient } from './client/patient-client.js';
import { type ChaosCluster, startChaosCluster } from './cluster/chaos-cluster.js';
import { findLeftovers } from './cluster/leftovers.js';
import { warmUp } from './cluster/warm-up.js';
import { type FaultRecord, runFaults } from './faults/run-faults.js';
import { Load } from './load/load.js';
import { recipesFor } from './load/recipes.js';
import { takeReferences } from './load/references.js';
import { type Random, seededRandom } from './random.js';
import {
  countTotals,
  type FaultScore,
  listProblems,
  type Problem,
  scoreFaults,
  type Totals,
} from './score/scoreboard.js';
import { judge, type Verdict } from './score/verdict.js';

export interface ChaosReport {
  readonly options: ChaosOptions;
  readonly cores: number;
  readonly elapsedMs: number;
  readonly totals: Totals;
  readonly faults: readonly FaultScore[];
  /** Each fault in the order they were made. */
  readonly records: readonly FaultRecord[];
  /** Faults that there was no time for. */
  readonly missed: readonly string[];
  readonly problems: readonly Problem[];
  /** Sentences about what was left, or did not end well. */
  readonly leftovers: readonly string[];
  readonly verdicts: readonly Verdict[];
}

const MINUTE_MS = 60_000;
const FRESH_MODELS_A_MINUTE = 4;
/** What is still open that long after the last fault is lost. */
const OPEN_AT_LAST_MS = 20_000;
/** Times may take so much longer where cluster, engines and clients share two cores. */
const TOLERANCE_ON_FEW_CORES = 2;
const FEW_CORES = 2;

interface Course {
  readonly load: Load;
  readonly records: readonly FaultRecord[];
  readonly leftovers: readonly string[];
}

export async function runChaos(
  options: ChaosOptions,
  say: (progress: string) => void,
  showLogs: (logs: string) => void,
): Promise<ChaosReport> {
  const begin = performance.now();
  say(`Starting a cluster with ${options.engine}; seed ${options.seed}.`);
  const chaos = await startChaosCluster(options.engine, Math.ceil(options.minutes * FRESH_MODELS_A_MINUTE));
  let course: Course;
  try {
    course = await runCourse(chaos, options, say);
  } catch (error) {
    showLogs(chaos.cluster.logs());
    await chaos.stop();
    throw error;
  }
  const logs = chaos.cluster.logs();
  const report = score(options, course, await chaos.stop(), performance.now() - begin);
  if (report.verdicts.some(({ met }) => !met)) showLogs(logs);
  return report;
}

async function runCourse(
  chaos: ChaosCluster,
  options: ChaosOptions,
  say: (progress: string) => void,
): Promise<Course> {
  // One for each purpose, so that the order of faults does not depend on what clients happened to do.
  const [clientRandom, warmRandom, loadRandom, orderRandom, sceneRandom] = generators(options.seed);
  const recipes = recipesFor(options.engine);
  const { scripted, embedding, fresh } = chaos.models;
  const models = { scripted: scripted.reference, embedding: embedding.reference };
  const { gateways } = chaos;
  const patience = new AbortController();
  // Every request under way listens to it.
  setMaxListeners(0, patience.signal);
  const client = new PatientClient({ gateways, random: clientRandom, models, patience: patience.signal });
  await warmUp(chaos, client, recipes, warmRandom);
  const references = await takeReferences(client, recipes);
  if (options.engine !== 'synthetic') chaos.throttle.start();
  const load = new Load({
    client,
    gateways,
    recipes,
    references,
    models: fresh,
    random: loadRandom,
    giveUp: () => patience.abort(),
  });
  load.start();
  say('All is warm; the faults begin.');
  const scene = { chaos, load, random: sceneRandom, engine: options.engine };
  const until = performance.now() + options.minutes * MINUTE_MS;
  try {
    const records = await runFaults(scene, { faults: options.faults, random: orderRandom, until, say });
    say('The faults are over; waiting for what is under way.');
    await load.stop(OPEN_AT_LAST_MS);
    return { load, records, leftovers: await findLeftovers(chaos) };
  } finally {
    // Over by now, unless a fault could not be made: then its clients must not keep this process alive.
    await load.stop(0);
    chaos.throttle.stop();
  }
}

function generators(seed: number): readonly [Random, Random, Random, Random, Random] {
  const one = (purpose: number): Random => seededRandom(seed + purpose);
  return [one(0), one(1), one(2), one(3), one(4)];
}

function score(
  options: ChaosOptions,
  { load, records, leftovers }: Course,
  stopped: readonly string[],
  elapsedMs: number,
): ChaosReport {
  const cores = availableParallelism();
  const tolerance = cores <= FEW_CORES ? TOLERANCE_ON_FEW_CORES : 1;
  const totals = countTotals(load.flights, load.pulls);
  const faults = scoreFaults(load.flights, records);
  const all = [...leftovers, ...stopped];
  return {
    options,
    cores,
    elapsedMs,
    totals,
    faults,
    records,
    missed: options.faults
      .map((names) => names.join('+'))
      .filter((name) => !records.some((record) => record.name === name)),
    problems: listProblems(load.flights, load.pulls, records),
    leftovers: all,
    verdicts: judge({
      totals,
      faults,
      orphans: all.length,
      tolerance,
      startsOver: options.engine === 'synthetic',
    }),
  };
}
