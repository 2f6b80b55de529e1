import type { RedisClient } from '#redis';
import { CLAIM_LOG, MEND_LOG, PUBLISH_FRAMES } from './log-scripts.js';

type Argument = string | number | Buffer;

/** The client with this package's scripts. It runs them by hash and sends the text where Redis does not know it (any more). */
export type LogCommands = RedisClient & {
  publishFrames(base: string, channel: string, batch: Buffer, ...ttls: Argument[]): Promise<unknown>;
  claimLogBuffer(base: string, stream: number, attempt: number): Promise<Buffer | null>;
  mendLog(base: string, stream: number, attempt: number, ttl: number, frames: Buffer): Promise<number>;
};

const SCRIPTS = { publishFrames: PUBLISH_FRAMES, claimLog: CLAIM_LOG, mendLog: MEND_LOG };

export function withLogCommands(redis: RedisClient): LogCommands {
  for (const [name, lua] of Object.entries(SCRIPTS)) {
    if (!(name in redis)) redis.defineCommand(name, { numberOfKeys: 1, lua });
  }
  return redis as LogCommands;
}
