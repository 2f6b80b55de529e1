import { eventually } from '#testing';
import { enginesOf } from '../../e2e/support/engines.js';
import { Flight } from '../client/flight.js';
import type { PatientClient } from '../client/patient-client.js';
import { pickWeighted, type Random } from '../random.js';
import type { Recipe } from '../load/recipes.js';
import type { ChaosCluster } from './chaos-cluster.js';

const LANES = 16;
const WITHIN_MS = 60_000;

/** Asks until every worker has an engine that completes, as a cluster in use does. */
export async function warmUp(
  { workers }: ChaosCluster,
  client: PatientClient,
  recipes: readonly Recipe[],
  random: Random,
): Promise<void> {
  const over = new AbortController();
  const lane = async (number: number): Promise<void> => {
    for (let count = 1; !over.signal.aborted; count++) {
      const key = `chaos-${process.pid}-warm-up-${number}-${count}`;
      await client.fly(new Flight(pickWeighted(recipes, random), key, number % 2));
    }
  };
  const lanes = Array.from({ length: LANES }, (_, number) => lane(number));
  try {
    const ready = (): boolean =>
      workers().every((worker) => enginesOf(worker).some(({ command }) => !command.includes('--embeddings')));
    await eventually(ready, Boolean, { within: WITHIN_MS, what: 'an engine on every worker' });
  } finally {
    over.abort();
    await Promise.all(lanes);
  }
}
