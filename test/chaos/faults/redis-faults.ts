import { setTimeout as pause } from 'node:timers/promises';
import type { Fault } from './fault.js';

const ALL_CUT_MS = 3_000;

/** Redis dies, with what it had not written yet, and is back after that many milliseconds. */
export function redisAway(milliseconds: number): Fault {
  return async ({ chaos }) => {
    await chaos.redis.kill();
    await pause(milliseconds);
    await chaos.redis.restart();
    return { healedAt: performance.now(), note: `away for ${milliseconds / 1000} s` };
  };
}

/** Redis lives, and nobody reaches it. */
export const allCut: Fault = async ({ chaos }) => {
  await Promise.all(chaos.links().map((link) => link.cut()));
  await pause(ALL_CUT_MS);
  await Promise.all(chaos.links().map((link) => link.heal()));
  return { healedAt: performance.now(), note: `${chaos.links().length} processes` };
};
