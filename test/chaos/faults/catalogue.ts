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

/** About how long those take that are not over in a moment; ms. None begins when there is less time left. */
const LASTS_MS: Readonly<Partial<Record<FaultName, number>>> = {
  'worker-pause': 10_000,
  'worker-freeze': 8_000,
  'worker-roll': 15_000,
  'gateway-roll': 8_000,
  'redis-12': 12_000,
  'redis-40': 40_000,
};
const USUALLY_LASTS_MS = 5_000;

export function lastsMs(names: readonly FaultName[]): number {
  return Math.max(...names.map((name) => LASTS_MS[name] ?? USUALLY_LASTS_MS));
}

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
