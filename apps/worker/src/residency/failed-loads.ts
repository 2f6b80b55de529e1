import {
  type ErrorCode,
  LongshoreError,
  type ModelFormat,
  type Variant,
  type WorkerAnnouncement,
} from '#contracts';
import type { Logger } from '#observability';
import type { MemoryFigures } from '../machine/container-memory.js';
import type { AvoidedModels } from './avoided-models.js';
import { hasMoreMemory, someHolds, whoMayLoad } from './candidates.js';
import type { LoadReports } from './load-reports.js';
import { queueOf, type ResidentSession, type SessionIdentity } from './resident-session.js';

export interface FailedLoadsParts {
  readonly workerId: string;
  readonly variant: Variant;
  readonly avoided: AvoidedModels;
  readonly others: () => readonly WorkerAnnouncement[];
  readonly formatOf: (modelId: string) => ModelFormat;
  readonly memory: () => Promise<MemoryFigures>;
  readonly reports: LoadReports;
  /** Answers everybody who waits in a queue. */
  readonly refuse: (queue: string, error: LongshoreError) => Promise<void>;
  readonly onChange: () => void;
  readonly logger: Logger;
}

const TOO_LARGE: ErrorCode = 'out_of_memory';

/** Decides who hears of models that cannot be loaded: another worker, or those who wait for them. */
export class FailedLoads {
  constructor(private readonly parts: FailedLoadsParts) {}

  /** Those who wait for a model that cannot be loaded are told, unless another worker has it, is trying or may try. */
  async failed(identity: SessionIdentity, error: LongshoreError): Promise<void> {
    const { avoided, variant, others, onChange } = this.parts;
    if (error.code === TOO_LARGE) {
      avoided.noteTooLarge(this.queueOf(identity), error, Date.now());
      onChange();
    }
    if (someHolds(identity, variant, others())) return;
    if (error.code === TOO_LARGE && (await this.handsOn(identity)))
      return avoided.noteLeftToOthers(this.queueOf(identity), Date.now());
    await this.tell(identity, error);
  }

  /** Whether another worker may have room for a model that found none here. */
  roomElsewhere(identity: SessionIdentity, here: MemoryFigures): boolean {
    return this.candidates(identity).some((worker) => hasMoreMemory(worker, here));
  }

  /** Whether a model that does not fit here is left to another worker. */
  async handsOn(identity: SessionIdentity): Promise<boolean> {
    return this.roomElsewhere(identity, await this.parts.memory());
  }

  /** Whether another worker may load the model. */
  private loadableElsewhere(identity: SessionIdentity): boolean {
    return this.candidates(identity).length > 0;
  }

  /** Tells those who wait for a model that this worker leaves alone, unless another has it or can load it. @returns whether it did */
  async giveUp(identity: SessionIdentity): Promise<boolean> {
    // Whoever loads it has less memory left than it had.
    if (someHolds(identity, this.parts.variant, this.parts.others())) return false;
    const error = this.parts.avoided.reasonFor(this.queueOf(identity), Date.now());
    const elsewhere =
      error.code === TOO_LARGE ? await this.handsOn(identity) : this.loadableElsewhere(identity);
    if (elsewhere) return false;
    await this.tell(identity, error);
    return true;
  }

  /** Tells those who wait for a model that this worker has no engine for, unless another has. @returns whether it did */
  async incapable(identity: SessionIdentity): Promise<boolean> {
    if (this.loadableElsewhere(identity)) return false;
    const { workerId, formatOf } = this.parts;
    const what = `${formatOf(identity.modelId)} models in ${identity.mode} mode`;
    const message = `Neither worker ${workerId} nor any other has an engine for ${what}.`;
    await this.tell(identity, new LongshoreError('no_capable_worker', message));
    return true;
  }

  /**
   * An engine has died by itself: some worker goes on with what it ran, unless engines keep dying.
   * @returns whether its model can be loaded again now; false when those who wait were told, or another sees to it
   */
  async bury(session: ResidentSession, jobsReturned: Promise<void>): Promise<boolean> {
    const { avoided, logger } = this.parts;
    const { identity } = session;
    const queue = this.queueOf(identity);
    // What a request does to every engine is no fault of this worker.
    const pause = session.suspect ? 0 : avoided.noteDeath(queue, Date.now());
    if (pause > 0) {
      const seconds = Math.round(pause / 1_000);
      logger.error('Engines keep ending with a model; leaving it alone', { ...identity, seconds });
    }
    await jobsReturned;
    return avoided.remaining(queue, Date.now()) === 0;
  }

  avoids(identity: SessionIdentity): boolean {
    return this.parts.avoided.remaining(this.queueOf(identity), Date.now()) > 0;
  }

  private candidates(identity: SessionIdentity): readonly WorkerAnnouncement[] {
    const { variant, others, formatOf } = this.parts;
    return whoMayLoad({ identity, format: formatOf(identity.modelId), variant }, others());
  }

  private async tell(identity: SessionIdentity, error: LongshoreError): Promise<void> {
    this.parts.reports.failed(identity, error);
    await this.parts.refuse(this.queueOf(identity), error);
  }

  private queueOf(identity: SessionIdentity): string {
    return queueOf(identity, this.parts.variant);
  }
}
