import type { Variant } from '#contracts';

/** One waiting room of the cluster, for all gateways. */
export interface WaitingRoom {
  readonly variant: Variant;
  readonly modelId: string;
  readonly mode: string;
  /** Jobs that no worker has begun. */
  readonly waiting: number;
  /** Jobs that a worker has begun. */
  readonly active: number;
}

/** What waits in the cluster. */
export abstract class WaitingRooms {
  /** Every room that was used lately. Rejects while Redis is away. */
  abstract read(): Promise<readonly WaitingRoom[]>;
}
