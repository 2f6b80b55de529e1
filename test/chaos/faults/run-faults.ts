import { setTimeout as pause } from 'node:timers/promises';
import { type Random, shuffle } from '../random.js';
import { isWaiting } from '../score/stalls.js';
import { FAULTS, type FaultName, lastsMs } from './catalogue.js';
import type { FaultEnd, FaultScene } from './fault.js';

/** One fault, or several at once, as it was done. Times on the clock of `performance.now()`. */
export interface FaultRecord {
  /** Names joined by `+`. */
  readonly name: string;
  readonly hitAt: number;
  readonly healedAt: number;
  /** When all that was open had gone on, or was given up. */
  readonly overAt: number;
  readonly idleAfter?: number;
  readonly note: string;
}

export interface Schedule {
  /** What to choose from; all of it once before anything twice, and several at once last. */
  readonly faults: readonly (readonly FaultName[])[];
  /** Decides on the order. */
  readonly random: Random;
  /** No fault begins that lasts longer than this. */
  readonly until: number;
  readonly say: (progress: string) => void;
}

/** Load without faults, before each. */
const CALM_MS = 1_000;
/** A fault that hits nobody shows nothing, so it waits for so many streams that have begun, but not for ever. */
const STREAMS = 4;
const STREAMS_WITHIN_MS = 4_000;
/** Answers that have not gone on by then are waited for no longer. */
const RECOVERY_MS = 20_000;
const LOOK_EVERY_MS = 50;

/** Does one fault after the other, in an order that the seed decides, each once what came before is over. */
export async function runFaults(scene: FaultScene, schedule: Schedule): Promise<readonly FaultRecord[]> {
  const records: FaultRecord[] = [];
  if (schedule.faults.length === 0) await pause(Math.max(0, schedule.until - performance.now()));
  while (performance.now() < schedule.until) {
    for (const names of orderOf(schedule)) {
      if (performance.now() > schedule.until) break;
      await pause(CALM_MS);
      await waitForStreams(scene, schedule.until);
      if (performance.now() + lastsMs(names) > schedule.until) continue;
      const record = await doFault(scene, names);
      const seconds = ((record.overAt - record.hitAt) / 1000).toFixed(1);
      schedule.say(`${record.name} (${record.note}): over after ${seconds} s`);
      records.push(record);
    }
  }
  return records;
}

function orderOf({ faults, random }: Schedule): readonly (readonly FaultName[])[] {
  return shuffle(faults, random).toSorted((left, right) => left.length - right.length);
}

async function waitForStreams({ load }: FaultScene, until: number): Promise<void> {
  const deadline = Math.min(until, performance.now() + STREAMS_WITHIN_MS);
  const begun = (): number => load.open.filter(({ arrivals }) => arrivals.length > 0).length;
  while (begun() < STREAMS && performance.now() < deadline) await pause(LOOK_EVERY_MS);
}

async function doFault(scene: FaultScene, names: readonly FaultName[]): Promise<FaultRecord> {
  const hitAt = performance.now();
  const ends: readonly FaultEnd[] = await Promise.all(names.map((name) => FAULTS[name](scene)));
  const healedAt = Math.max(...ends.map((end) => end.healedAt));
  await waitUntilFlowing(scene, healedAt);
  const idleAfter = ends.map((end) => end.idleAfter).find((time) => time !== undefined);
  return {
    name: names.join('+'),
    hitAt,
    healedAt,
    overAt: performance.now(),
    ...(idleAfter === undefined ? {} : { idleAfter }),
    note: ends.map(({ note }) => note).join(', '),
  };
}

/** All streams of before have said something since, and all else of that time is answered. */
async function waitUntilFlowing({ load }: FaultScene, healedAt: number): Promise<void> {
  const waiting = (): boolean =>
    load.open.some((flight) => flight.startedAt < healedAt && isWaiting(flight, healedAt));
  const deadline = performance.now() + RECOVERY_MS;
  while (waiting() && performance.now() < deadline) await pause(LOOK_EVERY_MS);
}
