import { setTimeout as pause } from 'node:timers/promises';
import type { LoadJob } from '#contracts';
import { HandBack, LoadHandler } from '#queue';
import type { ModelResidency } from '../residency/model-residency.js';

/** How long a worker without room holds a load job before it offers it to the others again; ms. */
const NO_ROOM_PAUSE_MS = 250;

/** Runs load jobs. */
export class ModelLoadHandler extends LoadHandler {
  constructor(
    private readonly residency: ModelResidency,
    private readonly stopping: AbortSignal,
  ) {
    super();
  }

  /** A load that fails is not tried again by itself: those who wait were told, and the next request asks anew. */
  override async load({ modelId, mode }: LoadJob): Promise<void> {
    if (!this.residency.canTake({ modelId, mode })) {
      await pause(NO_ROOM_PAUSE_MS, undefined, { signal: this.stopping }).catch(() => undefined);
      throw new HandBack();
    }
    try {
      await this.residency.ensure({ modelId, mode });
    } catch (error) {
      if (this.stopping.aborted) throw new HandBack();
      throw error;
    }
  }
}
