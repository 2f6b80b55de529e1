import type { ClusterEngine } from '#testing';
import type { ChaosCluster } from '../cluster/chaos-cluster.js';
import type { Load } from '../load/load.js';
import type { Random } from '../random.js';

/** What a fault works with. */
export interface FaultScene {
  readonly chaos: ChaosCluster;
  readonly load: Load;
  readonly random: Random;
  readonly engine: ClusterEngine;
}

export interface FaultEnd {
  /** When nothing was wrong any more, on the clock of `performance.now()`; for a death, when it happened. */
  readonly healedAt: number;
  /** From a client's hanging up to an idle engine; ms. NaN when it was not idle in time. */
  readonly idleAfter?: number;
  /** What happened to whom. */
  readonly note: string;
}

/**
 * Does its harm at once, undoes it, and resolves when as many processes run as before.
 * @throws Error when something does not start or end as it should
 */
export type Fault = (scene: FaultScene) => Promise<FaultEnd>;
