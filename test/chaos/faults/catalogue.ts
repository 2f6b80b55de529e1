import type { Fault } from './fault.js';
import { gatewayCut, gatewayKill, gatewayRoll } from './gateway-faults.js';
import { hangUp } from './hang-up.js';
import { allCut, redisAway } from './redis-faults.js';
import { engineKill, workerCut, workerFreeze, workerKill, workerPause, workerRoll } from './worker-faults.js';

export const FAULTS = {
  'worker-kill': workerKill,
  'worker-pause': workerPause,
  'worker-cut': workerCut,
  'worker-freeze': workerFreeze,
  'worker-roll': workerRoll,
  'engine-kill': engineKill,
  'gateway-kill': gatewayKill,
  'gateway-roll': gatewayRoll,
  'gateway-cut': gatewayCut,
  'redis-3': redisAway(3_000),
  'redis-12': redisAway(12_000),
  'redis-40': redisAway(40_000),
  'all-cut': allCut,
  'hang-up': hangUp,
} as const satisfies Record<string, Fault>;

export type FaultName = keyof typeof FAULTS;

export const FAULT_NAMES = Object.keys(FAULTS) as readonly FaultName[];

/** Takes so long that short runs leave it out. */
const LONG: readonly FaultName[] = ['redis-40'];
const LONG_FROM_MINUTES = 4;

/** Faults that come at the same time. */
const PAIRS: readonly (readonly FaultName[])[] = [
  ['worker-kill', 'gateway-kill'],
  ['redis-3', 'worker-kill'],
  ['engine-kill', 'worker-cut'],
];

/** What a run of that length goes through, each fault and each pair once. */
export function faultsFor(minutes: number): readonly (readonly FaultName[])[] {
  const single = FAULT_NAMES.filter((name) => !LONG.includes(name) || minutes >= LONG_FROM_MINUTES);
  return [...single.map((name) => [name]), ...PAIRS];
}
