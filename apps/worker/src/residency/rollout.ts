import type { Configurations } from '#cluster';
import { type Mode, MODES, NO_REVISION, type Variant } from '#contracts';
import type { AvoidedModels } from './avoided-models.js';
import type { MemoryLedger } from './memory-ledger.js';
import type { ModelResidency } from './model-residency.js';
import { queueOf, type SessionIdentity } from './resident-session.js';
import { keepAliveFor } from './session-plan.js';

export interface RolloutParts {
  readonly variant: Variant;
  readonly configurations: Pick<Configurations, 'get'>;
  readonly residency: Pick<ModelResidency, 'renew' | 'present'>;
  readonly avoided: Pick<AvoidedModels, 'reconfigured'>;
  readonly ledger: Pick<MemoryLedger, 'forget'>;
  readonly pinned: (identity: SessionIdentity) => boolean;
  /** Of the worker; ms, -1 = for ever. */
  readonly keepAlive: number;
}

/** Puts what is configured for models into force on one worker. */
export class Rollout {
  constructor(private readonly parts: RolloutParts) {}

  /** Of one model, in one mode or in all, whatever was found not to work before. @throws LongshoreError `redis_unavailable` */
  async apply(modelId: string, mode: Mode | undefined): Promise<void> {
    const { avoided, ledger, variant } = this.parts;
    const renew = async (identity: SessionIdentity): Promise<void> => {
      const queue = queueOf(identity, variant);
      avoided.reconfigured(queue);
      ledger.forget(queue);
      await this.one(identity, true);
    };
    await Promise.all((mode === undefined ? MODES : [mode]).map((one) => renew({ modelId, mode: one })));
  }

  /** Of every model that is resident or on its way: news may have been missed. @throws LongshoreError `redis_unavailable` */
  async applyAll(): Promise<void> {
    await Promise.all(this.parts.residency.present().map((identity) => this.one(identity, false)));
  }

  private async one(identity: SessionIdentity, again: boolean): Promise<void> {
    const { configurations, residency, pinned, keepAlive } = this.parts;
    const configuration = await configurations.get(identity);
    await residency.renew(identity, {
      keepAlive: keepAliveFor({
        configured: configuration?.keepAlive,
        pinned: pinned(identity),
        worker: keepAlive,
      }),
      revision: configuration?.revision === NO_REVISION ? undefined : configuration?.revision,
      again,
    });
  }
}
