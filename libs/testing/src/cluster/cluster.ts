import { join } from 'node:path';
import { findFreePort } from '../servers/free-port.js';
import { type RedisFixture, startRedis } from '../servers/redis.js';
import { makeTemporaryFolder, type TemporaryFolder } from '../temporary-folder.js';
import { type ClusterEngine, engineVariables } from './cluster-engine.js';
import {
  type ClusterProcess,
  type ProcessVariables,
  startClusterProcess,
  type StartedProcess,
} from './cluster-process.js';
import { assertNothingLeft } from './leftovers.js';

export interface ClusterOptions {
  readonly gateways: number;
  readonly workers: number;
  readonly engine: ClusterEngine;
  /** For every gateway. */
  readonly gatewayEnvironment?: ProcessVariables;
  /** For every worker. */
  readonly workerEnvironment?: ProcessVariables;
  /** One to use, which the caller stops; absent = one of the cluster's own. */
  readonly redis?: RedisFixture;
  /** Where a process finds Redis, by its name, for example behind a proxy of its own; absent = `redis.url` for all. */
  readonly redisUrlOf?: (name: string) => string | Promise<string>;
  /**
   * Folder of the release that a process runs, by its name, with `package.json` and `dist`. Asked at each start;
   * absent or undefined = this repository.
   */
  readonly releaseOf?: (name: string) => string | undefined;
}

export interface ClusterGateway extends ClusterProcess {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
}

export interface ClusterWorker extends ClusterProcess {
  readonly workerId: string;
  /** Folder of its model store. */
  readonly modelsPath: string;
  /** Folder of its engines' sockets. */
  readonly runDirectory: string;
}

/** The gateways and workers of one cluster, as processes on this machine. Each worker has a store of its own. */
export interface Cluster {
  readonly redis: RedisFixture;
  /** Like `workers`. */
  readonly gateways: readonly ClusterGateway[];
  /** All that were ever started, also those that have ended; of one name the latest. */
  readonly workers: readonly ClusterWorker[];
  /** @throws Error when there is none of that number, counted from 0 */
  gateway(index?: number): ClusterGateway;
  /** @throws Error when there is none of that number, counted from 0 */
  worker(index?: number): ClusterWorker;
  /** Resolves when it is announced and takes jobs. */
  addWorker(environment?: ProcessVariables): Promise<ClusterWorker>;
  /** Resolves when it answers. */
  addGateway(): Promise<ClusterGateway>;
  /** Starts a gateway that has ended again, under the same name and on the same port. */
  restartGateway(name: string): Promise<ClusterGateway>;
  /** Starts a worker that has ended again, under the same name and on the same folders. */
  restartWorker(name: string): Promise<ClusterWorker>;
  /** The ends of all logs, for tests that failed. */
  logs(): string;
  /**
   * Stops everything. May be called again.
   * @throws Error when a process does not end well, or leaves a process or a socket behind; all is gone by then
   */
  stop(): Promise<void>;
}

/** Starts a cluster on an empty Redis from what `npm run build` has made. */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const folder = await makeTemporaryFolder('cluster');
  const redis = options.redis ?? (await startRedis());
  const cluster = new LocalCluster(options, redis, folder, await engineVariables(options.engine));
  try {
    await cluster.start();
    return cluster;
  } catch (error) {
    await cluster.stop().catch(() => undefined);
    throw error;
  }
}

class LocalCluster implements Cluster {
  readonly gateways: ClusterGateway[] = [];
  readonly workers: ClusterWorker[] = [];
  private gatewaysBegun = 0;
  private workersBegun = 0;
  private stopped: Promise<void> | undefined;

  constructor(
    private readonly options: ClusterOptions,
    readonly redis: RedisFixture,
    private readonly folder: TemporaryFolder,
    private readonly engine: ProcessVariables,
  ) {}

  async start(): Promise<void> {
    const { gateways, workers } = this.options;
    const begun = [
      ...Array.from({ length: gateways }, () => this.addGateway()),
      ...Array.from({ length: workers }, () => this.addWorker()),
    ];
    const failed = (await Promise.allSettled(begun)).find((outcome) => outcome.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    this.gateways.sort(byName);
    this.workers.sort(byName);
  }

  gateway(index = 0): ClusterGateway {
    return numbered(this.gateways, index, 'gateway');
  }

  worker(index = 0): ClusterWorker {
    return numbered(this.workers, index, 'worker');
  }

  async addGateway(): Promise<ClusterGateway> {
    const name = `gateway-${++this.gatewaysBegun}`;
    return this.startGateway(name, String(await findFreePort()));
  }

  addWorker(environment: ProcessVariables = {}): Promise<ClusterWorker> {
    return this.startWorker(`worker-${++this.workersBegun}`, environment);
  }

  async restartGateway(name: string): Promise<ClusterGateway> {
    const { url } = ended(this.gateways, name);
    return this.startGateway(name, new URL(url).port);
  }

  async restartWorker(name: string): Promise<ClusterWorker> {
    return this.startWorker(ended(this.workers, name).name, {});
  }

  logs(): string {
    return [...this.gateways, ...this.workers]
      .map((process) => `--- ${process.name} ---\n${process.log()}`)
      .join('\n');
  }

  stop(): Promise<void> {
    return (this.stopped ??= this.end());
  }

  private async startGateway(name: string, port: string): Promise<ClusterGateway> {
    const variables = {
      LONGSHORE_REDIS_URL: await this.redisUrlOf(name),
      LONGSHORE_PORT: port,
      ...this.options.gatewayEnvironment,
    };
    const { process, ready } = await this.startProcess<{ readonly port: number }>(name, 'gateway', variables);
    const gateway = Object.assign(process, { url: `http://127.0.0.1:${ready.port}` });
    putInPlace(this.gateways, gateway);
    return gateway;
  }

  private async startWorker(name: string, environment: ProcessVariables): Promise<ClusterWorker> {
    const number = name.replace('worker-', '');
    const modelsPath = join(this.folder.path, `models-${number}`);
    // Short, because the sockets of engines lie below it.
    const runDirectory = join(this.folder.path, `r${number}`);
    const variables = {
      LONGSHORE_REDIS_URL: await this.redisUrlOf(name),
      LONGSHORE_WORKER_ID: name,
      LONGSHORE_MODELS_PATH: modelsPath,
      LONGSHORE_RUN_DIRECTORY: runDirectory,
      ...this.engine,
      ...this.options.workerEnvironment,
      ...environment,
    };
    const started = await this.startProcess<{ readonly workerId: string }>(name, 'worker', variables);
    const { process, ready } = started;
    const worker = Object.assign(process, { workerId: ready.workerId, modelsPath, runDirectory });
    putInPlace(this.workers, worker);
    return worker;
  }

  private startProcess<Ready>(
    name: string,
    app: 'gateway' | 'worker',
    variables: ProcessVariables,
  ): Promise<StartedProcess<Ready>> {
    const release = this.options.releaseOf?.(name);
    return startClusterProcess<Ready>({
      name,
      program: `apps/${app}/src/main.js`,
      variables,
      ...(release === undefined ? {} : { release }),
    });
  }

  private async redisUrlOf(name: string): Promise<string> {
    return (await this.options.redisUrlOf?.(name)) ?? this.redis.url;
  }

  private async end(): Promise<void> {
    const living = [...this.gateways, ...this.workers].filter((process) => process.alive);
    const directories = living.flatMap((process) =>
      'runDirectory' in process ? [process.runDirectory] : [],
    );
    const problems = (await Promise.allSettled(living.map((process) => process.stop()))).flatMap((outcome) =>
      outcome.status === 'rejected' ? [String(outcome.reason)] : [],
    );
    await assertNothingLeft(this.folder.path, directories).catch((error: unknown) =>
      problems.push(String(error)),
    );
    if (this.options.redis === undefined) await this.redis.stop();
    await this.folder.remove();
    if (problems.length > 0) throw new Error(problems.join('\n'));
  }
}

function numbered<T>(all: readonly T[], index: number, what: string): T {
  const one = all[index];
  if (one === undefined) throw new Error(`There is no ${what} number ${index}, counted from 0.`);
  return one;
}

/** @throws Error when there is none of that name, or it is alive */
function ended<T extends ClusterProcess>(all: readonly T[], name: string): T {
  const one = all.find((process) => process.name === name);
  if (one === undefined) throw new Error(`There is no ${name}.`);
  if (one.alive) throw new Error(`${name} is alive; end it before it is started again.`);
  return one;
}

function putInPlace<T extends ClusterProcess>(all: T[], process: T): void {
  const place = all.findIndex(({ name }) => name === process.name);
  if (place < 0) all.push(process);
  else all[place] = process;
}

function byName(left: ClusterProcess, right: ClusterProcess): number {
  return left.name.localeCompare(right.name, 'en', { numeric: true });
}
