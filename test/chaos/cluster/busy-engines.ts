import { type ClusterWorker, requestJson, type SyntheticStats } from '#testing';
import { enginesOf, type RunningEngine } from '../../e2e/support/engines.js';

/** What an engine tells of one of its slots. */
export interface Slot {
  readonly is_processing: boolean;
  readonly params?: { readonly n_predict?: number };
}

/** A sentence for each engine that is at work. */
export async function busyEngines(workers: readonly ClusterWorker[]): Promise<readonly string[]> {
  const engines = workers.flatMap((worker) => enginesOf(worker).map((engine) => ({ worker, engine })));
  const sentences = engines.map(async ({ worker, engine }) => {
    const busy = await busySlots(engine);
    return busy === 0 ? [] : [`an engine of ${worker.name} is still at work on ${busy} requests`];
  });
  return (await Promise.all(sentences)).flat();
}

export async function slotsOf({ socketPath }: RunningEngine): Promise<readonly Slot[]> {
  const { status, json } = await requestJson({ url: '/slots', socketPath });
  return status === 200 ? (json as readonly Slot[]) : [];
}

export async function syntheticStats({ socketPath }: RunningEngine): Promise<SyntheticStats | undefined> {
  const { status, json } = await requestJson({ url: '/synthetic/stats', socketPath });
  return status === 200 ? (json as SyntheticStats) : undefined;
}

async function busySlots(engine: RunningEngine): Promise<number> {
  const stats = await syntheticStats(engine).catch(() => undefined);
  if (stats !== undefined) return stats.open;
  return (await slotsOf(engine)).filter(({ is_processing }) => is_processing).length;
}
