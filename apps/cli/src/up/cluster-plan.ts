import { mkdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import type { Environment } from '#config';
import type { Variant } from '#contracts';
import { workerRunFolder, type DataFolder } from './data-folder.js';
import { planGateways } from './gateway-plans.js';
import { LocalCluster } from './local-cluster.js';
import { LogOutput } from './log-output.js';
import { childEnvironment, forkProgram, whenProgramReady } from './node-process.js';
import { redisProcess } from './redis-process.js';
import { redisFiles } from './redis-settings.js';
import { threadShare, workerId, type UpSettings } from './settings.js';
import { SupervisedProcess, type Surroundings } from './supervised-process.js';

/** The programs that gateways and workers run. */
export interface ChildEntries {
  readonly gateway: string;
  readonly worker: string;
}

export interface ClusterPlan {
  readonly settings: UpSettings;
  readonly environment: Environment;
  readonly entries: ChildEntries;
  readonly folder: DataFolder;
  readonly variant: Variant;
  readonly ports: readonly number[];
  /** Path of a server to run privately, or the URL of one that is there. */
  readonly redis: { readonly program: string } | { readonly url: string };
  readonly colours: boolean;
  readonly surroundings: Surroundings;
  /** Shows a log line. */
  readonly show: (line: string) => void;
}

interface NodePlan {
  readonly name: string;
  readonly entry: string;
  readonly own: Readonly<Record<string, string>>;
}

/** Everything ready to start; nothing runs yet. */
export function assembleCluster(plan: ClusterPlan): LocalCluster {
  const { settings, folder, redis } = plan;
  const nodes = [...gatewayPlans(plan), ...workerPlans(plan)];
  const width = Math.max(...nodes.map(({ name }) => name.length));
  const files = redisFiles(folder.redis, folder.run);
  const url = 'url' in redis ? redis.url : `unix://${files.socket}`;
  const processes = nodes.map(({ name, entry, own }, index) => {
    const prefix = { name, index, width, colours: plan.colours };
    const log = new LogOutput(folder.logs, prefix, plan.show);
    const all = { LONGSHORE_REDIS_URL: url, LONGSHORE_LOG_FORMAT: settings.logFormat, ...own };
    const environment = childEnvironment(plan.environment, all);
    const spawn = () => forkProgram(entry, environment);
    return new SupervisedProcess({ name, log, spawn, whenReady: whenProgramReady }, plan.surroundings);
  });
  const gateways = processes.slice(0, settings.gateways);
  const workers = processes.slice(settings.gateways);
  if ('url' in redis) return new LocalCluster({ gateways, workers });
  const log = new LogOutput(folder.logs, {
    name: 'redis',
    index: nodes.length,
    width,
    colours: plan.colours,
  });
  const server = redisProcess({ program: redis.program, files, log, path: settings.path });
  return new LocalCluster({ redis: new SupervisedProcess(server, plan.surroundings), gateways, workers });
}

function gatewayPlans({ settings, entries, folder, ports, environment }: ClusterPlan): readonly NodePlan[] {
  const { host } = settings;
  const plans = planGateways({ host, ports, root: folder.root, environment });
  return plans.map((plan) => ({ ...plan, entry: entries.gateway }));
}

function workerPlans({ settings, entries, folder, variant, environment }: ClusterPlan): readonly NodePlan[] {
  const threads = threadShare(availableParallelism(), settings.workers);
  const shared = {
    LONGSHORE_VARIANT: variant,
    LONGSHORE_MODELS_PATH: settings.modelsPath ?? folder.models,
    ...(threads && !environment['LONGSHORE_THREADS'] ? { LONGSHORE_THREADS: `${threads}` } : {}),
  };
  return Array.from({ length: settings.workers }, (_, index) => {
    const run = workerRunFolder(folder, index + 1);
    if (run !== undefined) mkdirSync(run, { recursive: true, mode: 0o700 });
    const id = workerId(index + 1, folder.root);
    const own = { ...shared, ...(run && { LONGSHORE_RUN_DIRECTORY: run }), LONGSHORE_WORKER_ID: id };
    return { name: `worker-${index + 1}`, entry: entries.worker, own };
  });
}
