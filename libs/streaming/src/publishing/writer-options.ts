import type { Frame } from '#contracts';

/** Which response a writer writes. */
export interface ResponseAddress {
  readonly requestId: string;
  readonly gatewayId: string;
  readonly stream: number;
  readonly attempt: number;
}

/** How a response is logged. */
export interface LogOptions {
  /** Bytes of frames that are logged; beyond it the answer goes on unlogged. 0: no log. */
  readonly limit: number;
  /** How long the log is kept after the last frame; ms. */
  readonly retention: number;
  /** When the answer is over at the latest; ms since the epoch. */
  readonly deadline: number;
}

/** What one attempt of a response is written by. */
export interface WriterOptions {
  /** Left out: the response has no log. */
  readonly log?: LogOptions;
  /** How long a logged answer goes on although nobody listens; ms. 0 or left out: as long as one without a log. */
  readonly resumeWindow?: number;
  /** The log as `RequestLog.claim` returned it, when this attempt goes on with it. `frames` let it be mended. */
  readonly continueFrom?: {
    readonly next: number;
    readonly bytes: number;
    readonly frames?: readonly Frame[];
  };
  /** A later attempt answers: this one must stop without a word. Told once; nothing more is sent. */
  readonly onFenced?: () => void;
}
