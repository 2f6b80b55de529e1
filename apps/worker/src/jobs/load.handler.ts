import { setTimeout as pause } from 'node:timers/promises';
import { type LoadJob, LongshoreError } from '#contracts';
import { HandBack, LoadHandler } from '#queue';
import type { FailedLoads } from '../residency/failed-loads.js';
import type { ModelResidency } from '../residency/model-residency.js';
import type { SessionIdentity } from '../residency/resident-session.js';

/** How long a worker that cannot load a model holds its load job before it offers it to the others again; ms. */
const OFFER_PAUSE_MS = 250;

export interface ModelLoadOptions {
  readonly residency: ModelResidency;
  readonly stopping: AbortSignal;
  /** Whether there is an engine for the model here. */
  readonly canRun: (identity: SessionIdentity) => Promise<boolean>;
  readonly failures: FailedLoads;
}

/** Runs load jobs. */
export class ModelLoadHandler extends LoadHandler {
  constructor(private readonly options: ModelLoadOptions) {
    super();
  }

  /** A load that fails is not tried again by itself: those who wait were told, and the next request asks anew. */
  override async load({ modelId, mode, reference }: LoadJob): Promise<void> {
    const { residency, stopping, canRun, failures } = this.options;
    const identity = { modelId, mode };
    if (!(await canRun(identity))) return this.unlessTold(failures.incapable(identity));
    if (failures.avoids(identity)) return this.unlessTold(failures.giveUp(identity));
    if (!residency.canTake(identity)) return this.offerToOthers();
    try {
      await residency.ensure(identity, reference);
    } catch (error) {
      if (stopping.aborted) throw new HandBack();
      const tooLarge = error instanceof LongshoreError && error.code === 'out_of_memory';
      if (tooLarge && (await failures.handsOn(identity))) return this.offerToOthers();
      throw error;
    }
  }

  /** Another worker can load it, when nobody was told otherwise. */
  private async unlessTold(told: Promise<boolean>): Promise<void> {
    if (!(await told)) await this.offerToOthers();
  }

  private async offerToOthers(): Promise<never> {
    await pause(OFFER_PAUSE_MS, undefined, { signal: this.options.stopping }).catch(() => undefined);
    throw new HandBack();
  }
}
