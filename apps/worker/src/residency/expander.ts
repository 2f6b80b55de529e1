import type { WorkerDirectory } from '#cluster';
import type { SessionAnnouncement } from '#contracts';
import type { Logger } from '#observability';
import type { Demand, DemandBoard } from '#queue';
import { isUnserved, shouldExpand } from './expansion.js';
import type { ModelResidency } from './model-residency.js';
import type { SessionIdentity } from './resident-session.js';

export interface ExpanderOptions {
  readonly workerId: string;
  readonly residency: ModelResidency;
  readonly board: DemandBoard;
  readonly workers: WorkerDirectory;
  /** Requests a new session of a model runs at once. */
  readonly slotsOf: (modelId: string) => number;
  /** True for queues that this worker leaves alone for now. */
  readonly avoids: (queue: string) => boolean;
  /** Whether there is an engine for a model here. */
  readonly canRun: (identity: SessionIdentity) => Promise<boolean>;
  readonly logger: Logger;
}

/** How often a worker looks for waiting rooms it could help with; ms. */
const LOOK_INTERVAL_MS = 500;
const TIDY_EVERY = 120;

/** A queue that was served within this is one whose jobs were begun, and whose worker is gone; ms. */
const SERVED_LATELY_MS = 10_000;

/**
 * Lets an idle worker join models whose sessions elsewhere are full, and pick up requests nobody serves, also those that
 * died with their worker.
 */
export class Expander {
  private readonly waitingSince = new Map<string, number>();
  /** When each queue was last seen to have a session, here or elsewhere. */
  private readonly servedAt = new Map<string, number>();
  private stopListening: (() => void) | undefined;
  private timer: NodeJS.Timeout | undefined;
  private looking = false;
  private lookAgain = false;
  private looks = 0;

  constructor(private readonly options: ExpanderOptions) {}

  start(): void {
    this.timer = setInterval(() => void this.look(), LOOK_INTERVAL_MS);
    this.stopListening = this.options.workers.onLost(() => void this.look());
    void this.look();
  }

  /** A session of this worker is gone, and its jobs may be back in the queue: looks at once. */
  lookAfter(queue: string): void {
    this.servedAt.set(queue, Date.now());
    void this.look();
  }

  stop(): void {
    clearInterval(this.timer);
    this.stopListening?.();
  }

  private async look(): Promise<void> {
    const { residency, board, logger, avoids } = this.options;
    if (this.looking) return void (this.lookAgain = true);
    if (!residency.hasRoom) return;
    this.looking = true;
    this.lookAgain = false;
    try {
      const now = Date.now();
      if (++this.looks % TIDY_EVERY === 0) await board.tidy(now);
      const demands = await board.read((queue) => !residency.holds(queue) && !avoids(queue), now);
      const begun = demands.filter(({ active }) => active > 0);
      await Promise.all(begun.map(({ queue }) => board.returnAbandoned(queue)));
      for (const demand of demands) {
        if (!this.isWanted(demand, now) || !(await this.options.canRun(demand))) continue;
        await this.join(demand);
        break;
      }
    } catch (error) {
      logger.debug('Could not look for waiting requests', { error });
    } finally {
      this.looking = false;
      if (this.lookAgain) void this.look();
    }
  }

  private isWanted({ queue, waiting, active, modelId, mode }: Demand, now: number): boolean {
    const elsewhere = this.sessionsElsewhere().filter(
      (session) => session.modelId === modelId && session.mode === mode,
    );
    if (elsewhere.length > 0) this.servedAt.set(queue, now);
    if (!isUnserved({ waiting, active, elsewhere })) {
      this.waitingSince.delete(queue);
      return false;
    }
    const waitingSince = this.waitingSince.get(queue) ?? now;
    this.waitingSince.set(queue, waitingSince);
    const servedLately = now - (this.servedAt.get(queue) ?? 0) < SERVED_LATELY_MS;
    const slots = this.options.slotsOf(modelId);
    return shouldExpand({ waiting, active, servedLately, waitingSince, elsewhere, slots, now });
  }

  private sessionsElsewhere(): SessionAnnouncement[] {
    const { workers, workerId } = this.options;
    return workers.workers().flatMap((worker) => (worker.workerId === workerId ? [] : worker.sessions));
  }

  /** The lease lasts until the others have heard that this worker is loading, and decide again. */
  private async join({ queue, modelId, mode, waiting, active }: Demand): Promise<void> {
    const { board, workerId, residency, logger } = this.options;
    if (!(await board.lease(queue, workerId))) return;
    logger.info('Joining a model that requests wait for', { modelId, mode, waiting, active });
    // A failure is told to those who wait, by residency.
    void residency.ensure({ modelId, mode }).catch(() => undefined);
  }
}
