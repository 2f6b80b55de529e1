import type { LoggedResponse } from '#streaming';
import type { CompletionResponse } from '../completions/completions.js';

/** Which response is meant. */
export interface StreamName {
  /** A request id, or an idempotency key. */
  readonly text: string;
  /** Digest of `text` as the idempotency key of whoever asks; undefined when it cannot be one. */
  readonly key?: string;
}

export interface FollowOptions {
  /** Events the client has; they are left out. */
  readonly after: number;
  /** Each event carries its number. */
  readonly eventIds: boolean;
}

/** The responses of the whole cluster, whichever gateway began them, for as long as they are kept. */
export abstract class Streams {
  /**
   * Resolves when the answer has begun, which it may have long ago. Aborting the signal ends the reading, not the work:
   * that goes on for a while and is then cancelled unless somebody reads it.
   * @throws LongshoreError `stream_not_found`, or what the request itself failed with before its first byte
   */
  abstract follow(name: StreamName, options: FollowOptions, signal: AbortSignal): Promise<CompletionResponse>;

  /**
   * What is logged of an answer at this moment.
   * @returns undefined when nothing is: it has not begun, or it is kept no longer
   * @throws LongshoreError `redis_unavailable`
   */
  abstract snapshot(requestId: string): Promise<LoggedResponse | undefined>;

  /** Stops a request wherever it is: waiting, loading, in prefill, in decode. @throws LongshoreError `stream_not_found` */
  abstract cancel(name: StreamName): Promise<void>;
}
