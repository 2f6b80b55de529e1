import { type CompletionJob, LongshoreError } from '#contracts';

/** A request this worker is running. */
export interface LiveRequest {
  readonly requestId: string;
  /** After this nobody waits for the answer any more; ms since the epoch. */
  readonly deadline: number;
  /** Aborts the work; the reason becomes the answer. */
  readonly abort: AbortController;
  /** Stops and restarts reading from the engine. */
  paused: boolean;
  onResume: (() => void) | undefined;
  /** When the engine last sent something; ms since the epoch. */
  lastActivity: number;
  /** It is not streamed, so its engine may say nothing before it is whole. */
  silentUntilWhole: boolean;
  /** What comes of it is a part that others follow soon, as of a text that is written; not all about some of many texts. */
  readonly comesInParts: boolean;
}

/** The engine has sent something for a request. */
export function hear(request: LiveRequest): void {
  request.lastActivity = Date.now();
  if (request.comesInParts) request.silentUntilWhole = false;
}

/** Of its job. */
export type NewRequest = Pick<CompletionJob, 'requestId' | 'deadline' | 'streaming' | 'mode'>;

/** Why a request was aborted. */
export class Cancelled extends Error {
  override readonly name = 'Cancelled';
}
export class EngineStalled extends Error {
  override readonly name = 'EngineStalled';
}
/** The worker ends; a LongshoreError for those whose answer nobody can go on with. */
export class Stopping extends LongshoreError {
  constructor() {
    super('shutting_down', 'The worker is stopping.');
  }
}

/** A cancel that came before its job is remembered for this long; ms. */
const CANCEL_MEMORY_MS = 60_000;

const SWEEP_INTERVAL_MS = 1_000;

/**
 * The requests a worker is running, and the cancels that came too early. One request may run twice here, when its job
 * was taken for abandoned and came back.
 */
export class LiveRequests {
  private readonly live = new Set<LiveRequest>();
  private readonly cancelled = new Map<string, number>();
  private closing: Error | undefined;
  private readonly sweeper: NodeJS.Timeout;

  /** @param stallTimeout ms an engine may be silent. */
  constructor(private readonly stallTimeout: number) {
    this.sweeper = setInterval(() => this.sweep(Date.now()), SWEEP_INTERVAL_MS);
    this.sweeper.unref();
  }

  /** @returns undefined when the request was cancelled before its job came. */
  begin({ requestId, deadline, streaming, mode }: NewRequest): LiveRequest | undefined {
    if (this.cancelled.delete(requestId)) return undefined;
    const request: LiveRequest = {
      requestId,
      deadline,
      abort: new AbortController(),
      paused: false,
      onResume: undefined,
      lastActivity: Date.now(),
      silentUntilWhole: !streaming,
      comesInParts: mode === 'completion',
    };
    this.live.add(request);
    if (this.closing !== undefined) request.abort.abort(this.closing);
    return request;
  }

  end(request: LiveRequest): void {
    this.live.delete(request);
  }

  cancel(requestId: string): void {
    const tries = this.triesOf(requestId);
    if (tries.length === 0) this.cancelled.set(requestId, Date.now());
    for (const request of tries) request.abort.abort(new Cancelled('the caller cancelled'));
  }

  pause(requestId: string): void {
    for (const request of this.triesOf(requestId)) request.paused = true;
  }

  resume(requestId: string): void {
    for (const request of this.triesOf(requestId)) {
      request.paused = false;
      request.lastActivity = Date.now();
      request.onResume?.();
    }
  }

  /** Also those that are still to come. */
  abortAll(reason: Error): void {
    this.closing = reason;
    for (const request of this.live) request.abort.abort(reason);
  }

  stop(): void {
    clearInterval(this.sweeper);
  }

  private sweep(now: number): void {
    for (const [requestId, at] of this.cancelled)
      if (now - at > CANCEL_MEMORY_MS) this.cancelled.delete(requestId);
    for (const request of this.live) {
      const reason = this.whyStop(request, now);
      if (reason !== undefined) request.abort.abort(reason);
    }
  }

  /**
   * A paused request waits for its client; one whose gateway has died would wait for ever. Whether an engine works that
   * need not say anything yet is watched for all its requests together.
   */
  private whyStop(request: LiveRequest, now: number): Error | undefined {
    const { deadline, paused, silentUntilWhole, lastActivity } = request;
    if (now > deadline) return new LongshoreError('deadline_exceeded');
    if (paused || silentUntilWhole || now - lastActivity <= this.stallTimeout) return undefined;
    return new EngineStalled(`the engine sent nothing for ${Math.round(this.stallTimeout / 1_000)} s`);
  }

  private triesOf(requestId: string): LiveRequest[] {
    return [...this.live].filter((request) => request.requestId === requestId);
  }
}
