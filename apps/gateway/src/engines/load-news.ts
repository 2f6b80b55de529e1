import { LoadEvent, type Names, parseContract } from '#contracts';
import type { RedisClient } from '#redis';

/** What workers tell of the loads that they do. */
export abstract class LoadNews {
  /** Calls `listener` with each event there is from now on. @returns a function that ends this */
  abstract listen(listener: (event: LoadEvent) => void): () => void;
}

export interface RedisLoadNewsOptions {
  readonly subscriber: RedisClient;
  readonly names: Names;
  /** An event that could not be read; for the log. */
  readonly onBadMessage?: (error: Error) => void;
}

export class RedisLoadNews extends LoadNews {
  private readonly listeners = new Set<(event: LoadEvent) => void>();

  constructor(private readonly options: RedisLoadNewsOptions) {
    super();
  }

  /** Resolves when events are being received. */
  async start(): Promise<void> {
    const { subscriber, names, onBadMessage } = this.options;
    subscriber.on('message', (channel: string, text: string) => {
      if (channel !== names.loadsChannel()) return;
      try {
        const event = parseContract(LoadEvent, text);
        for (const listener of this.listeners) listener(event);
      } catch (error) {
        onBadMessage?.(error as Error);
      }
    });
    await subscriber.subscribe(names.loadsChannel());
  }

  override listen(listener: (event: LoadEvent) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}
