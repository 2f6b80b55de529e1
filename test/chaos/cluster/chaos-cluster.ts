import {
  type Cluster,
  type ClusterEngine,
  type ClusterWorker,
  type CuttingProxy,
  makeTemporaryFolder,
  type ProcessVariables,
  pullModelThrough,
  type RedisFixture,
  startCluster,
  startCuttingProxy,
  startRedis,
  startRegistry,
} from '#testing';
import { EngineThrottle } from './engine-throttle.js';
import { type ChaosModels, publishModels } from './publish-models.js';

/** Two gateways and three workers, each of which reaches Redis through a proxy of its own, and all they need. */
export interface ChaosCluster {
  readonly cluster: Cluster;
  readonly redis: RedisFixture;
  readonly models: ChaosModels;
  readonly throttle: EngineThrottle;
  /** Urls of the gateways; they stay over restarts. */
  readonly gateways: () => readonly string[];
  /** Workers that run now. */
  readonly workers: () => readonly ClusterWorker[];
  /** The way of one process to Redis, by its name. */
  link(name: string): CuttingProxy;
  readonly links: () => readonly CuttingProxy[];
  /** Sentences about what did not end well or left something. May be called again. */
  stop(): Promise<readonly string[]>;
}

const GATEWAYS = 2;
const WORKERS = 3;
/** Longest that anything of an answer is kept once it is over; ms. */
export const RETENTION_MS = 60_000;

const GATEWAY: ProcessVariables = {
  LONGSHORE_LOG_LEVEL: 'warn',
  LONGSHORE_DRAIN_TIMEOUT: '2s',
  LONGSHORE_LOG_RETENTION: `${RETENTION_MS}ms`,
  LONGSHORE_RESULT_RETENTION: `${RETENTION_MS}ms`,
};
const WORKER: ProcessVariables = {
  LONGSHORE_LOG_LEVEL: 'warn',
  LONGSHORE_DRAIN_TIMEOUT: '2s',
  LONGSHORE_SLOTS: '4',
  LONGSHORE_THREADS: '1',
  LONGSHORE_CONTEXT_SIZE: '4096',
};

export async function startChaosCluster(engine: ClusterEngine, fresh: number): Promise<ChaosCluster> {
  const undo: (() => Promise<unknown>)[] = [];
  const stop = async (): Promise<readonly string[]> => {
    const problems: string[] = [];
    for (const step of undo.splice(0).toReversed())
      await step().catch((error: unknown) => problems.push(String(error)));
    return problems;
  };
  try {
    const folder = await makeTemporaryFolder('chaos');
    undo.push(() => folder.remove());
    const redis = await startRedis({ appendOnly: true, arguments: ['--appendfsync', 'everysec'] });
    undo.push(() => redis.stop());
    const registry = await startRegistry();
    undo.push(() => registry.stop());
    const links = await startLinks(redis.port);
    undo.push(() => Promise.all([...links.values()].map((link) => link.stop())));
    const link = (name: string): CuttingProxy => linkOf(links, name);
    const cluster = await startCluster({
      gateways: GATEWAYS,
      workers: WORKERS,
      engine,
      redis,
      redisUrlOf: (name) => link(name).url,
      gatewayEnvironment: GATEWAY,
      workerEnvironment: WORKER,
    });
    undo.push(() => cluster.stop());
    const throttle = new EngineThrottle(() => cluster.workers);
    undo.push(async () => throttle.stop());
    const models = await publishModels(registry, folder.path, fresh);
    const gateways = (): readonly string[] => cluster.gateways.map(({ url }) => url);
    for (const { reference } of [models.scripted, models.embedding])
      await pullModelThrough(gateways()[0] ?? '', reference);
    return {
      cluster,
      redis,
      models,
      throttle,
      gateways,
      workers: () => cluster.workers.filter(({ alive }) => alive),
      link,
      links: () => [...links.values()],
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startLinks(port: number): Promise<ReadonlyMap<string, CuttingProxy>> {
  const names = [
    ...Array.from({ length: GATEWAYS }, (_, index) => `gateway-${index + 1}`),
    ...Array.from({ length: WORKERS }, (_, index) => `worker-${index + 1}`),
  ];
  return new Map(
    await Promise.all(names.map(async (name) => [name, await startCuttingProxy({ port })] as const)),
  );
}

function linkOf(links: ReadonlyMap<string, CuttingProxy>, name: string): CuttingProxy {
  const link = links.get(name);
  if (link === undefined) throw new Error(`${name} has no way to Redis of its own.`);
  return link;
}
