import { type EngineName, type EngineRoute, LongshoreError } from '#contracts';
import type { Admitted } from './admission.js';
import type { Resumption } from '../streams/read-resumption.js';
import type { Whereabouts } from './whereabouts.js';

export interface CompletionRequest {
  /** For logs and error reports; need not be unique. */
  readonly requestId: string;
  /** As the client typed it. */
  readonly model: string;
  /** The engine the path named, if it named one. */
  readonly engine?: EngineName;
  readonly route: EngineRoute;
  /** The client's JSON, untouched. */
  readonly body: string;
  /** What a repeated request must have in common with the first, where that is more than the body. */
  readonly identity?: string;
  readonly streaming: boolean;
  /** Time the answer may take, where that is less than the gateway allows; ms. */
  readonly timeout?: number;
  /** 1 to 20, 1 the most urgent; absent = 10. */
  readonly priority?: number;
  /** The same for requests that an engine answers faster where it has answered one of them; absent = no such. */
  readonly affinity?: string;
  /** Absent = the answer does not outlive its client. */
  readonly resumption?: Resumption;
  /** Told once, when the request is safe in its queue: it will be answered, however long that takes. */
  readonly onAccepted?: (accepted: AcceptedCompletion) => void;
}

/** A request that waits for its answer, or has one. */
export interface AcceptedCompletion extends Admitted {
  /** Unique over the cluster. */
  readonly requestId: string;
  readonly queue: string;
  /** The name the catalogue has for the model. */
  readonly model: string;
  /** Who answers; undefined while nobody has begun to. */
  readonly workerId: () => string | undefined;
}

export interface CompletionResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /**
   * The engine's bytes. Read it once, as fast as the client reads: what is left unread makes the worker pause. Ends
   * with the answer; throws LongshoreError when the answer breaks off, ReadingEnded when only this reading does. Ending
   * the iteration early cancels.
   */
  readonly body: AsyncIterable<Buffer>;
}

/** What an answer ends with for one reader of it, though it may go on: the answer itself has not failed. */
export class ReadingEnded extends LongshoreError {}

/** Runs inference calls on the cluster. */
export abstract class Completions {
  /**
   * Resolves when the engine begins to answer. Aborting the signal cancels the request wherever it is: waiting,
   * loading, in prefill, in decode.
   * @throws LongshoreError
   */
  abstract run(request: CompletionRequest, signal: AbortSignal): Promise<CompletionResponse>;

  /** Ends every answer towards its client with `shutting_down`; where there is a log, another gateway has the rest. */
  abstract letAllGo(): void;

  /** Where accepted requests are now, in their order; cheap for many at once. Never rejects. */
  abstract locate(requests: readonly AcceptedCompletion[]): Promise<readonly Whereabouts[]>;
}
