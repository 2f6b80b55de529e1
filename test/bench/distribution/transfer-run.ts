import type { TransferCost } from './run-program.js';

export type Direction = 'pull' | 'push';

export interface TransferRun {
  readonly direction: Direction;
  readonly contender: string;
  readonly round: number;
  readonly cost: TransferCost;
}
