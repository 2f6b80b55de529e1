import type { LoadJob } from '#contracts';
import { HandBack, LoadHandler } from '#queue';
import type { ModelResidency } from '../residency/model-residency.js';

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
    try {
      await this.residency.ensure({ modelId, mode });
    } catch (error) {
      if (this.stopping.aborted) throw new HandBack();
      throw error;
    }
  }
}
