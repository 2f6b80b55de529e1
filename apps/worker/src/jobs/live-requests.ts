/** A request this worker is running. */
export interface LiveRequest {
  readonly requestId: string;
  /** Aborts the work; the reason becomes the answer. */
  readonly abort: AbortController;
  /** Stops and restarts reading from the engine. */
  paused: boolean;
  onResume: (() => void) | undefined;
  /** When the engine last sent something; ms since the epoch. */
  lastActivity: number;
}

/** Why a request was aborted. */
export class Cancelled extends Error {
  override readonly name = 'Cancelled';
}
export class EngineStalled extends Error {
  override readonly name = 'EngineStalled';
}

/** A cancel that came before its job is remembered for this long; ms. */
const CANCEL_MEMORY_MS = 60_000;

const SWEEP_INTERVAL_MS = 1_000;

/** The requests a worker is running, by id, and the cancels that came too early. */
export class LiveRequests {
  private readonly live = new Map<string, LiveRequest>();
  private readonly cancelled = new Map<string, number>();
  private readonly sweeper: NodeJS.Timeout;

  /** @param stallTimeout ms an engine may be silent. */
  constructor(private readonly stallTimeout: number) {
    this.sweeper = setInterval(() => this.sweep(Date.now()), SWEEP_INTERVAL_MS);
    this.sweeper.unref();
  }

  get size(): number {
    return this.live.size;
  }

  /** @returns undefined when the request was cancelled before its job came. */
  begin(requestId: string): LiveRequest | undefined {
    if (this.cancelled.delete(requestId)) return undefined;
    const request: LiveRequest = {
      requestId,
      abort: new AbortController(),
      paused: false,
      onResume: undefined,
      lastActivity: Date.now(),
    };
    this.live.set(requestId, request);
    return request;
  }

  end(request: LiveRequest): void {
    if (this.live.get(request.requestId) === request) this.live.delete(request.requestId);
  }

  cancel(requestId: string): void {
    const request = this.live.get(requestId);
    if (request === undefined) this.cancelled.set(requestId, Date.now());
    else request.abort.abort(new Cancelled('the caller cancelled'));
  }

  pause(requestId: string): void {
    const request = this.live.get(requestId);
    if (request !== undefined) request.paused = true;
  }

  resume(requestId: string): void {
    const request = this.live.get(requestId);
    if (request === undefined) return;
    request.paused = false;
    request.lastActivity = Date.now();
    request.onResume?.();
  }

  abortAll(reason: Error): void {
    for (const request of this.live.values()) request.abort.abort(reason);
  }

  stop(): void {
    clearInterval(this.sweeper);
  }

  private sweep(now: number): void {
    for (const [requestId, at] of this.cancelled)
      if (now - at > CANCEL_MEMORY_MS) this.cancelled.delete(requestId);
    for (const request of this.live.values()) {
      if (request.paused || now - request.lastActivity <= this.stallTimeout) continue;
      request.abort.abort(
        new EngineStalled(`the engine sent nothing for ${Math.round(this.stallTimeout / 1_000)} s`),
      );
    }
  }
}
