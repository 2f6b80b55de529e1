import { mkdirSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Environment } from '#config';
import { terminalQuestions } from './ask.js';
import { readRedisUrl, requireRedis } from './await-redis.js';
import { chooseVariant, type ChosenVariant } from './choose-variant.js';
import { claimPorts } from './claim-ports.js';
import { assembleCluster, type ChildEntries, type ClusterPlan } from './cluster-plan.js';
import { makeDataFolder, type DataFolder } from './data-folder.js';
import { DataFolderLock } from './data-folder-lock.js';
import { findRedis } from './find-redis.js';
import type { LocalCluster } from './local-cluster.js';
import { gatewayUrl, socketOf } from './port-plan.js';
import { probeMachine } from './probe-machine.js';
import { readyBlock } from './ready-block.js';
import { readSettings, type UpSettings } from './settings.js';
import { StopRequest } from './stop-request.js';
import type { UpOptions } from './up-options.js';

export type { ChildEntries } from './cluster-plan.js';

export interface UpRequest {
  readonly options: UpOptions;
  readonly environment: Environment;
  readonly entries?: ChildEntries;
}

/** What a process gets on top of the time it gives itself to finish what it has begun; ms. */
const STOP_MARGIN_MS = 5_000;

const PROGRAMS: ChildEntries = {
  gateway: fileURLToPath(new URL('../../../gateway/src/main.js', import.meta.url)),
  worker: fileURLToPath(new URL('../../../worker/src/main.js', import.meta.url)),
};

/**
 * Starts a cluster on this machine and keeps it until it is asked to stop; then nothing is left of it but its data.
 * Resolves with the exit code.
 * @throws LaunchProblem or ConfigurationError before anything is started, or after all is ended again
 */
export async function up({ options, environment, entries = PROGRAMS }: UpRequest): Promise<number> {
  process.stdout.on('error', () => undefined);
  const settings = readSettings(options, environment);
  const chosen = chooseVariant(settings.variant, probeMachine(settings.path), settings);
  const redis = await settleRedis(settings);
  const folder = makeDataFolder(settings.data);
  const lock = await DataFolderLock.take(folder.lockFile);
  const stop = new StopRequest(environment['npm_lifecycle_event'] !== undefined);
  try {
    await keepCluster({ settings, environment, entries, folder, chosen, redis, lock, stop });
    return 0;
  } finally {
    rmSync(folder.run, { recursive: true, force: true });
    lock.release();
    stop.release();
  }
}

interface Launch {
  readonly settings: UpSettings;
  readonly environment: Environment;
  readonly entries: ChildEntries;
  readonly folder: DataFolder;
  readonly chosen: ChosenVariant;
  readonly redis: ClusterPlan['redis'];
  readonly lock: DataFolderLock;
  readonly stop: StopRequest;
}

async function keepCluster(launch: Launch): Promise<void> {
  const { settings, folder, stop } = launch;
  rmSync(folder.run, { recursive: true, force: true });
  mkdirSync(folder.run, { recursive: true, mode: 0o700 });
  const ports = await claimPorts(settings.host, settings.port, settings.gateways);
  const urls = ports.map((port) => gatewayUrl(settings.host, port));
  const cluster = assemble(launch, ports, urls);
  console.log(`Starting ${count(settings.gateways, 'gateway')} and ${count(settings.workers, 'worker')}.`);
  const stopped = stop.requested.then(() => 'stopped' as const);
  try {
    const outcome = await Promise.race([cluster.start(), stopped]);
    if (outcome !== 'stopped') console.log(readyBlock(readyFacts(launch, urls)));
    await stopped;
    console.log('Stopping. Ctrl-C again stops at once.');
  } finally {
    await cluster.stop(settings.drainTimeout + STOP_MARGIN_MS, stop.insisted);
  }
  console.log('Stopped.');
}

function assemble(launch: Launch, ports: readonly number[], urls: readonly string[]): LocalCluster {
  const { settings, environment, entries, folder, chosen, redis, lock } = launch;
  const colours = process.stdout.isTTY && !environment['NO_COLOR'];
  const cluster: LocalCluster = assembleCluster({
    settings,
    environment,
    entries,
    folder,
    ports,
    redis,
    colours,
    variant: chosen.variant,
    show: (line) => console.log(line),
    surroundings: {
      say: (line) => console.log(line),
      onChange: () => lock.describe(urls, cluster.pids),
    },
  });
  return cluster;
}

async function settleRedis(settings: UpSettings): Promise<ClusterPlan['redis']> {
  if (settings.redisUrl !== undefined) {
    await requireRedis(settings.redisUrl);
    return { url: settings.redisUrl };
  }
  const ask = terminalQuestions();
  const { path, install } = settings;
  const program = await findRedis({ path, install, say: console.log, ...(ask ? { ask } : {}) });
  return { program };
}

function readyFacts({ settings, environment, chosen, redis, folder }: Launch, urls: readonly string[]) {
  return {
    urls,
    workers: settings.workers,
    variant: chosen.explanation,
    engine: chosen.engine.description,
    redis: 'url' in redis ? readRedisUrl(redis.url).place : `private, on a unix socket (${redis.program})`,
    logs: folder.logs,
    data: folder.root,
    sockets: urls.flatMap((_, index) => socketOf(environment['LONGSHORE_SOCKET'], index) ?? []),
    keys: Boolean(environment['LONGSHORE_ADMIN_KEY'] || environment['LONGSHORE_ADMIN_KEY_FILE']),
  };
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
