import {
  eventually,
  openRequest,
  publishModel,
  pullModelThrough,
  startCluster,
  startRedis,
  startRegistry,
} from '#testing';
import type { BenchModel } from '../cluster/bench-cluster.js';

export const WORKERS = 4;
export const SLOTS = 2;
const CONTEXT = 4_096;

/** One gateway and some workers, all with the model loaded. */
export interface AffinityCluster {
  readonly url: string;
  readonly reference: string;
  stop(): Promise<void>;
}

/** @param affinity whether requests that begin alike go to the same worker */
export async function startAffinityCluster(model: BenchModel, affinity: boolean): Promise<AffinityCluster> {
  const redis = await startRedis({ appendOnly: true, arguments: ['--appendfsync', 'everysec'] });
  const cluster = await startCluster({
    gateways: 1,
    workers: WORKERS,
    engine: 'llama-server',
    redis,
    gatewayEnvironment: { LONGSHORE_LOG_LEVEL: 'warn', LONGSHORE_PREFIX_AFFINITY: String(affinity) },
    workerEnvironment: {
      LONGSHORE_LOG_LEVEL: 'warn',
      LONGSHORE_SLOTS: String(SLOTS),
      LONGSHORE_CONTEXT_SIZE: String(CONTEXT),
      LONGSHORE_THREADS: '1',
    },
  }).catch(async (error: unknown) => {
    await redis.stop();
    throw error;
  });
  const stop = async (): Promise<void> => {
    await cluster.stop();
    await redis.stop();
  };
  try {
    const { url } = cluster.gateway();
    const reference = await pull(url, model);
    await loadEverywhere(url, reference);
    return { url, reference, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function pull(url: string, { name, file }: BenchModel): Promise<string> {
  const registry = await startRegistry();
  try {
    const { reference } = await publishModel({ registry, name, file });
    const { status, text } = await pullModelThrough(url, reference);
    if (status !== 200) throw new Error(`The pull of ${name} failed: ${text}`);
    return reference;
  } finally {
    await registry.stop();
  }
}

/** Asks for more at once than some of the workers can run, until all of them have answered. */
async function loadEverywhere(url: string, reference: string): Promise<void> {
  const ask = async (index: number): Promise<string> => {
    const body = { model: reference, prompt: `Number ${index}`, max_tokens: 32, ignore_eos: true };
    const response = await openRequest({ url: `${url}/v1/completions`, body });
    await response.whole();
    return String(response.headers['x-longshore-worker'] ?? '');
  };
  const seen = new Set<string>();
  await eventually(
    async () => {
      for (const worker of await Promise.all(Array.from({ length: 16 }, (_, index) => ask(index))))
        seen.add(worker);
      seen.delete('');
      return seen.size;
    },
    (size) => size >= WORKERS,
    { within: 120_000, what: 'every worker to load the model' },
  );
}
