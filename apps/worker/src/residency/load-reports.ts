import {
  ENVELOPE_VERSION,
  type LoadEvent,
  type LongshoreError,
  type Names,
  type ProgressLine,
  type Variant,
} from '#contracts';
import type { SessionIdentity } from './resident-session.js';

/** Bytes that arrive are told at most this often, but for the last ones of a layer; ms. */
const BYTES_INTERVAL_MS = 250;

export interface LoadReportsOptions {
  readonly redis: { publish(channel: string, message: string): Promise<unknown> };
  readonly names: Names;
  readonly workerId: string;
  readonly variant: Variant;
}

/** Tells the cluster how far loads are. Nobody waits for it, and what is not heard is not repeated. */
export class LoadReports {
  constructor(private readonly options: LoadReportsOptions) {}

  waiting(identity: SessionIdentity): void {
    this.tell(identity, { stage: 'waiting' });
  }

  starting(identity: SessionIdentity): void {
    this.tell(identity, { stage: 'starting' });
  }

  ready(identity: SessionIdentity): void {
    this.tell(identity, { stage: 'ready' });
  }

  failed(identity: SessionIdentity, { code, message }: LongshoreError): void {
    this.tell(identity, { stage: 'failed', code, message });
  }

  /** @returns what takes the progress of bringing the model in */
  fetching(identity: SessionIdentity): (line: ProgressLine) => void {
    const bytes = new FetchedBytes();
    return (line) => {
      const due = bytes.take(line, performance.now());
      if (due !== undefined) this.tell(identity, { stage: 'fetching', ...due });
    };
  }

  private tell(
    { modelId, mode }: SessionIdentity,
    rest: Pick<LoadEvent, 'stage'> & Partial<LoadEvent>,
  ): void {
    const { redis, names, workerId, variant } = this.options;
    const event: LoadEvent = { version: ENVELOPE_VERSION, workerId, variant, modelId, mode, ...rest };
    void redis.publish(names.loadsChannel(), JSON.stringify(event)).catch(() => undefined);
  }
}

/** Adds the layers of a model up, and thins out what is to be told. */
export class FetchedBytes {
  private readonly layers = new Map<string, number>();
  private toldAt = -Infinity;

  /**
   * @param now ms of a clock that never goes back
   * @returns bytes, when they are to be told
   */
  take({ type, total, layer }: ProgressLine, now: number): { completed: number; total: number } | undefined {
    if (type !== 'progress') return undefined;
    this.layers.set(layer.id ?? '', layer.current);
    const completed = [...this.layers.values()].reduce((sum, bytes) => sum + bytes, 0);
    if (now - this.toldAt < BYTES_INTERVAL_MS && layer.current < layer.size) return undefined;
    this.toldAt = now;
    return { completed, total };
  }
}
