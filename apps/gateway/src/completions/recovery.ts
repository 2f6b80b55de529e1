import type { ControlSender, WorkerDirectory } from '#cluster';
import type { LongshoreError, RequestIdParts } from '#contracts';
import type { JobQueue } from '#queue';
import type { FrameSubscriber, RequestLog, ResponseStream } from '#streaming';
import { BoundedWork } from './bounded-work.js';
import { LogReads } from './log-reads.js';
import { RecentJobs } from './recent-jobs.js';
import type { ResponseRecords } from './response-records.js';

/** What a gateway reaches the responses of the cluster through. */
export interface ResponseCluster {
  readonly gatewayId: string;
  readonly queue: JobQueue;
  readonly frames: FrameSubscriber;
  readonly control: ControlSender;
  readonly workers: WorkerDirectory;
  readonly records: ResponseRecords;
  /** Absent when answers are not logged. */
  readonly log?: RequestLog;
}

/** Logs read at once by one gateway. */
const LOOKS_AT_ONCE = 16;

/** What all responses of a gateway share while they are being received. */
export class RecoverySurroundings {
  readonly jobs = new RecentJobs();
  readonly looks = new BoundedWork(LOOKS_AT_ONCE);
  /** For readers of answers; absent when answers are not logged. */
  readonly logReads: LogReads | undefined;
  /** When Redis was last found to be away, or this process to have stood still; ms since the epoch, 0 when never. */
  lastAway = 0;

  constructor(readonly cluster: ResponseCluster) {
    const { log } = cluster;
    this.logReads = log === undefined ? undefined : new LogReads(log, this.looks);
  }
}

/** A response that is being received. */
export interface ReceivedResponse {
  readonly requestId: string;
  readonly parts: RequestIdParts;
  /** Where its job is; absent when nobody here knows. */
  readonly queue?: string;
  readonly response: ResponseStream;
  /** Gives the response up: what is missing cannot be had. */
  readonly giveUp: (error: LongshoreError) => void;
}

/** Gets back what did not arrive of one response, or gives it up. */
export interface Recovery {
  /** The response misses something: a frame, or whatever may have come while nobody listened. */
  missing(attempt: number, sequence: number): void;

  /** A worker is gone, perhaps the one that answers. */
  loseWorker(workerId: string): void;

  /** To be called a few times a second while the response is not finished. */
  check(now: number): void;
}

/** A silent response whose worker lives is asked for anything that got lost; ms of silence between two asks. */
export const SILENCE_LIMIT_MS = 5_000;

/** A gap in the frames that has not closed for this long, with Redis there, will not close; ms. */
export const GAP_LIMIT_MS = 10_000;

/** Shortest time between two tries to get something back; ms. */
export const RETRY_INTERVAL_MS = 250;
