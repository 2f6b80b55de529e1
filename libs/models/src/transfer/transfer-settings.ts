import type { RetryPolicy } from '../sources/retry.js';

/** How blobs are fetched. */
export interface TransferSettings {
  /** Bytes of one range request; what is lost of a connection when the process is killed. */
  readonly segmentSize: number;
  /** Ranges of one blob that arrive at once. */
  readonly connectionsPerBlob: number;
  /** Ranges that arrive at once, of all blobs together. */
  readonly connections: number;
  /** Blobs of one model that are fetched at once. */
  readonly blobs: number;
  /** A server that sends nothing for so long counts as broken, ms. */
  readonly stallTimeout: number;
  /** Of one segment; the count starts again with every megabyte gained. */
  readonly retry: RetryPolicy;
}

const MEBIBYTE = 1024 * 1024;

/** Of a process that is told nothing else. */
export const DEFAULT_TRANSFER: TransferSettings = {
  segmentSize: 32 * MEBIBYTE,
  connectionsPerBlob: 4,
  connections: 8,
  blobs: 3,
  stallTimeout: 60_000,
  retry: { attempts: 5, baseDelay: 250, maxDelay: 10_000 },
};
