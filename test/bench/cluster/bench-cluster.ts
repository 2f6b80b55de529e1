import { join } from 'node:path';
import { RedisConnections, type RedisClient } from '#redis';
import {
  type Cluster,
  type ClusterEngine,
  descendantsOf,
  eventually,
  makeTemporaryFolder,
  type ProcessVariables,
  publishModel,
  pullModelThrough,
  requestJson,
  startCluster,
  startRedis,
  startRegistry,
} from '#testing';
import type { Address } from '../load/load.js';
import { type ProbeFiles, probeVariables } from '../measure/probed-process.js';

export interface BenchModel {
  /** Repository and tag, for example `bench/random:1`. */
  readonly name: string;
  /** Path of a GGUF file. */
  readonly file: string;
}

export interface BenchClusterOptions {
  readonly engine: ClusterEngine;
  readonly models: readonly BenchModel[];
  readonly workerEnvironment: ProcessVariables;
  readonly gatewayEnvironment?: ProcessVariables;
  /** Where CPU profiles go; absent = none can be taken. */
  readonly profileFolder?: string | undefined;
}

/** A model that is loaded, as it can be asked in both ways. */
export interface BenchSubject {
  readonly reference: string;
  /** The gateway. */
  readonly cluster: Address;
  /** The very engine process that the worker drives. */
  readonly direct: Address;
}

/** One gateway, one worker and one Redis with `appendfsync everysec`, with all models loaded. */
export interface BenchCluster {
  readonly subjects: readonly BenchSubject[];
  readonly gatewayPid: number;
  readonly workerPid: number;
  readonly redisPid: number;
  readonly gatewayProbe: ProbeFiles;
  /** A connection for looking, not for work. */
  readonly redis: RedisClient;
  /** Engines of the worker that run now. */
  enginePids(): readonly number[];
  stop(): Promise<void>;
}

const LOAD_WITHIN_MS = 60_000;

export async function startBenchCluster(options: BenchClusterOptions): Promise<BenchCluster> {
  const undo: (() => Promise<unknown>)[] = [];
  const stop = async (): Promise<void> => {
    for (const step of undo.splice(0).toReversed()) await step();
  };
  try {
    const folder = await makeTemporaryFolder('bench');
    undo.push(() => folder.remove());
    const redis = await startRedis({ appendOnly: true, arguments: ['--appendfsync', 'everysec'] });
    undo.push(() => redis.stop());
    const probes = probeFiles(folder.path, options.profileFolder);
    const cluster = await startCluster({
      gateways: 1,
      workers: 1,
      engine: options.engine,
      redis,
      gatewayEnvironment: {
        LONGSHORE_LOG_LEVEL: 'warn',
        ...options.gatewayEnvironment,
        ...probeVariables(probes.gateway),
      },
      workerEnvironment: {
        LONGSHORE_LOG_LEVEL: 'warn',
        ...options.workerEnvironment,
        ...probeVariables(probes.worker),
      },
    });
    undo.push(() => cluster.stop());
    const connections = new RedisConnections({ url: redis.url, name: 'bench' });
    undo.push(async () => connections.close());
    const look = connections.patient('look');
    await connections.ready();
    const subjects = await loadModels(cluster, options.models);
    const workerPid = cluster.worker().pid;
    return {
      subjects,
      gatewayPid: cluster.gateway().pid,
      workerPid,
      redisPid: redis.pid,
      gatewayProbe: probes.gateway,
      redis: look,
      enginePids: () => descendantsOf(workerPid).map(({ pid }) => pid),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function probeFiles(folder: string, profileFolder: string | undefined) {
  const files = (name: string): ProbeFiles => ({
    memory: join(folder, `${name}.memory.json`),
    ...(profileFolder === undefined ? {} : { profile: join(profileFolder, `${name}.cpuprofile`) }),
  });
  return { gateway: files('gateway'), worker: files('worker') };
}

async function loadModels(cluster: Cluster, models: readonly BenchModel[]): Promise<BenchSubject[]> {
  const registry = await startRegistry();
  try {
    const { url } = cluster.gateway();
    const subjects: BenchSubject[] = [];
    for (const { name, file } of models) {
      const { reference } = await publishModel({ registry, name, file });
      const pulled = await pullModelThrough(url, reference);
      if (pulled.status !== 200) throw new Error(`The pull of ${name} failed: ${pulled.text}`);
      subjects.push(await loadModel(cluster, reference));
    }
    return subjects;
  } finally {
    await registry.stop();
  }
}

async function loadModel(cluster: Cluster, reference: string): Promise<BenchSubject> {
  const { url } = cluster.gateway();
  const before = new Set(descendantsOf(cluster.worker().pid).map(({ pid }) => pid));
  await eventually(
    () =>
      requestJson({ url: `${url}/v1/completions`, body: { model: reference, prompt: 'a', max_tokens: 1 } }),
    ({ status }) => status === 200,
    { within: LOAD_WITHIN_MS, what: `an answer of ${reference}` },
  );
  const engines = descendantsOf(cluster.worker().pid).filter(({ pid }) => !before.has(pid));
  const socketPath = engines.map(({ command }) => /(\S+\.sock)\b/.exec(command)?.[1]).find(Boolean);
  if (socketPath === undefined) throw new Error(`The socket of the engine of ${reference} was not found.`);
  return {
    reference,
    cluster: { host: '127.0.0.1', port: Number(new URL(url).port) },
    direct: { socketPath },
  };
}
