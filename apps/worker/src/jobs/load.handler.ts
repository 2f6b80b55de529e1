import { setTimeout as pause } from 'node:timers/promises';
import type { LoadJob } from '#contracts';
import { HandBack, LoadHandler } from '#queue';
import type { ModelResidency } from '../residency/model-residency.js';
import type { SessionIdentity } from '../residency/resident-session.js';

/** How long a worker that cannot load a model holds its load job before it offers it to the others again; ms. */
const OFFER_PAUSE_MS = 250;

export interface ModelLoadOptions {
  readonly residency: ModelResidency;
  readonly stopping: AbortSignal;
  /** True for a model that this worker leaves alone for now. */
  readonly avoids: (identity: SessionIdentity) => boolean;
  /** Tells those who wait for such a model, when no other worker can load it. @returns whether they were told */
  readonly giveUp: (identity: SessionIdentity) => Promise<boolean>;
}

/** Runs load jobs. */
export class ModelLoadHandler extends LoadHandler {
  constructor(private readonly options: ModelLoadOptions) {
    super();
  }

  /** A load that fails is not tried again by itself: those who wait were told, and the next request asks anew. */
  override async load({ modelId, mode }: LoadJob): Promise<void> {
    const { residency, stopping, avoids, giveUp } = this.options;
    const identity = { modelId, mode };
    if (avoids(identity)) return void ((await giveUp(identity)) || (await this.offerToOthers()));
    if (!residency.canTake(identity)) return this.offerToOthers();
    try {
      await residency.ensure(identity);
    } catch (error) {
      if (stopping.aborted) throw new HandBack();
      throw error;
    }
  }

  private async offerToOthers(): Promise<never> {
    await pause(OFFER_PAUSE_MS, undefined, { signal: this.options.stopping }).catch(() => undefined);
    throw new HandBack();
  }
}
