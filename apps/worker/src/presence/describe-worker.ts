import { freemem, hostname, totalmem } from 'node:os';
import {
  type EngineAnnouncement,
  ENVELOPE_VERSION,
  type SessionAnnouncement,
  type Variant,
  type WorkerAnnouncement,
} from '#contracts';

export interface WorkerFacts {
  readonly workerId: string;
  readonly variant: Variant;
  readonly release: string;
  readonly draining: boolean;
  readonly engines: readonly EngineAnnouncement[];
  readonly sessions: readonly SessionAnnouncement[];
  readonly models: readonly string[];
  readonly avoids: readonly string[];
  readonly storeBytes: number;
  /** Undefined while the store is not served. */
  readonly storeUrl: string | undefined;
}

/** What a worker announces: what it knows of itself, and what the machine says at this moment. */
export function describeWorker({ storeUrl, ...facts }: WorkerFacts): WorkerAnnouncement {
  return {
    version: ENVELOPE_VERSION,
    host: hostname(),
    pid: process.pid,
    memoryTotal: totalmem(),
    memoryFree: freemem(),
    ...facts,
    ...(storeUrl !== undefined && { storeUrl }),
  };
}
