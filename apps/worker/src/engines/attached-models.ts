import type { Logger } from '#observability';
import type { HostedEngines } from './hosted-engines.js';
import type { ListingEngine, RemoteModels } from './remote-models.js';

export interface AttachedModelsParts {
  readonly engine: ListingEngine;
  readonly models: RemoteModels;
  /** Gets the engine once it can be asked what it can do. */
  readonly engines: HostedEngines;
  /** What this worker can run has changed. */
  readonly onChange: () => void;
  readonly logger: Logger;
}

const LOOK_INTERVAL_MS = 30_000;
const RETRY_MS = 2_000;

/** Follows what an attached server has. A server that cannot be reached is no reason not to start: it may come. */
export class AttachedModels {
  private timer: NodeJS.Timeout | undefined;
  private hosted = false;
  private stopped = false;
  private complained = false;

  constructor(private readonly parts: AttachedModelsParts) {}

  /** Looks at once, and then ever again. Resolves after the first look. Never rejects. */
  async look(): Promise<void> {
    const { logger } = this.parts;
    clearTimeout(this.timer);
    let next = LOOK_INTERVAL_MS;
    try {
      await this.synchronise();
      this.complained = false;
    } catch (error) {
      next = RETRY_MS;
      const reason = (error as Error).message;
      if (!this.complained) logger.warn('The attached server cannot be asked; trying again', { reason });
      this.complained = true;
    }
    clearTimeout(this.timer);
    if (!this.stopped) this.timer = setTimeout(() => void this.look(), next).unref();
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
  }

  private async synchronise(): Promise<void> {
    const { engine, engines, models, onChange } = this.parts;
    if (!this.hosted) {
      engines.add({ engine, probe: await engine.probe() });
      this.hosted = true;
    }
    const before = models.ids.join();
    await models.synchronise(Date.now());
    if (models.ids.join() !== before) onChange();
  }
}
