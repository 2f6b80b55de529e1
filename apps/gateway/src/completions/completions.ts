import type { EngineName, EngineRoute } from '#contracts';

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
  readonly streaming: boolean;
}

export interface CompletionResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /**
   * The engine's bytes. Read it once, as fast as the client reads: what is left unread makes the worker pause. Ends
   * with the answer; throws LongshoreError when the answer breaks off. Ending the iteration early cancels.
   */
  readonly body: AsyncIterable<Buffer>;
}

/** Runs inference calls on the cluster. */
export abstract class Completions {
  /**
   * Resolves when the engine begins to answer. Aborting the signal cancels the request wherever it is: waiting,
   * loading, in prefill, in decode.
   * @throws LongshoreError
   */
  abstract run(request: CompletionRequest, signal: AbortSignal): Promise<CompletionResponse>;
}
