import { hostname } from 'node:os';
import {
  type AcceleratorAnnouncement,
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
  readonly storeId: string;
  readonly memoryTotal: number;
  readonly memoryFree: number;
  readonly accelerators: readonly AcceleratorAnnouncement[];
  /** Undefined while the store is not served. */
  readonly storeUrl: string | undefined;
}

/** What a worker announces. */
export function describeWorker({ storeUrl, ...facts }: WorkerFacts): WorkerAnnouncement {
  return {
    version: ENVELOPE_VERSION,
    host: hostname(),
    pid: process.pid,
    ...facts,
    ...(storeUrl !== undefined && { storeUrl }),
  };
}
