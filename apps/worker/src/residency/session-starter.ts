import type { Configurations } from '#cluster';
import { LongshoreError, type SessionConfiguration } from '#contracts';
import { type EngineSession, EngineStartError } from '#engines';
import { slotsOf } from '../engines/hosted-engines.js';
import type { MemoryFigures } from '../machine/container-memory.js';
import { explainShortage, type Shortage as ShortageFacts } from './explain-shortage.js';
import { estimateNeed } from './estimate-need.js';
import { type LoadTask, NoRoomBeside } from './load-task.js';
import type { LoadReports } from './load-reports.js';
import type { MemoryLedger } from './memory-ledger.js';
import type { Provision } from './provide-session.js';
import type { SessionIdentity } from './resident-session.js';
import { afterShortage, firstConceivable } from './room.js';
import {
  describeStart,
  nameOf,
  planStart,
  specOf,
  type Start,
  type StartedSession,
  type StartParts,
} from './plan-start.js';
import { unlessAborted } from './unless-aborted.js';

export interface SessionStarterParts extends StartParts {
  readonly provide: (task: LoadTask, configuration: SessionConfiguration | undefined) => Promise<Provision>;
  readonly configurations: Pick<Configurations, 'get'>;
  readonly ledger: MemoryLedger;
  /** Bytes for models, as of now. */
  readonly memory: () => Promise<MemoryFigures>;
  readonly reports: LoadReports;
  readonly pinned: (identity: SessionIdentity) => boolean;
  /** Whether another worker may have room for what found none here. */
  readonly roomElsewhere: (identity: SessionIdentity, here: MemoryFigures) => boolean;
}

/** An engine that found too little memory, and how much there was. */
interface Shortage {
  readonly memory: MemoryFigures;
  /** Bytes. */
  readonly estimate: number;
  readonly error: EngineStartError;
}

/** Brings engines up with models, and finds them the memory they need. */
export class SessionStarter {
  constructor(private readonly parts: SessionStarterParts) {}

  /**
   * @throws LongshoreError `out_of_memory`, `no_capable_worker` and others; EngineStartError; NoRoomBeside
   * @throws the signal's reason after an abort
   */
  async start(task: LoadTask): Promise<StartedSession> {
    // While Redis is away there is no answer.
    const wanted = this.parts.configurations.get(task.identity);
    const configuration = await unlessAborted(wanted, task.signal);
    for (let tries = 1; ; tries += 1) {
      const provision = await this.parts.provide(task, configuration);
      try {
        return await this.bringUp(planStart(this.parts, { task, configuration, provision }));
      } catch (error) {
        await provision.release();
        // An engine that does not take a model may have been given damaged bytes.
        const suspicious = error instanceof EngineStartError && !error.outOfMemory && !task.signal.aborted;
        if (tries > 1 || !suspicious || !(await provision.foundDamage(task.signal))) throw error;
      }
    }
  }

  private async bringUp(planned: Start): Promise<StartedSession> {
    const start = { ...planned, ladder: await this.conceivable(planned) };
    const { task, ladder } = start;
    const { ledger, reports } = this.parts;
    let rung = await this.findRoom(start);
    for (;;) {
      const contextSize = ladder[rung];
      const [estimate, memory] = [await this.estimate(start, contextSize), await this.parts.memory()];
      const owner = {};
      ledger.reserve(owner, estimate);
      reports.starting(task.identity);
      try {
        const engine = await start.hosted.engine.start(specOf(this.parts, start, contextSize), task.signal);
        ledger.settle(owner);
        void engine.exited.then(() => ledger.release(owner));
        return this.started(start, engine, contextSize);
      } catch (error) {
        ledger.release(owner);
        if (!(error instanceof EngineStartError && error.outOfMemory)) throw error;
        if (task.room.beside) throw new NoRoomBeside(error.message);
        ledger.learn(task.queue, { contextSize, free: memory.free, at: Date.now() });
        rung = await this.goOn(start, rung, { memory, estimate, error });
      }
    }
  }

  /** The ladder without the contexts that no engine could hold here. @throws LongshoreError `out_of_memory` */
  private async conceivable(start: Start): Promise<Start['ladder']> {
    const { ladder, provision } = start;
    const { total, free } = await this.parts.memory();
    const estimates = await Promise.all(ladder.map((contextSize) => this.estimate(start, contextSize)));
    const contexts = estimates.map((estimate) => estimate - provision.model.size);
    const first = firstConceivable(contexts, total);
    if (first >= 0) return ladder.slice(first);
    const last = ladder.length - 1;
    const reason = 'Its context alone takes more than there is.';
    throw this.tooLarge(start, { contextSize: ladder[last], free, estimate: estimates[last] ?? 0, reason });
  }

  private tooLarge(
    { provision, hosted }: Start,
    facts: Pick<ShortageFacts, 'contextSize' | 'free' | 'estimate' | 'reason'>,
  ): LongshoreError {
    const { workerId, settings } = this.parts;
    const slots = slotsOf(hosted, settings.slots);
    return new LongshoreError(
      'out_of_memory',
      explainShortage({ workerId, name: nameOf(provision), slots, ...facts }),
    );
  }

  /**
   * Ends idle sessions for as long as the model does not seem to fit. Estimates are hints: it is tried in any case.
   * @returns the rung of the ladder to begin with
   */
  private async findRoom(start: Start): Promise<number> {
    const { room, queue } = start.task;
    const { ledger } = this.parts;
    const estimate = await this.estimate(start, start.ladder[0]);
    const demand = { contextSize: start.ladder[0], estimate, now: Date.now() };
    for (;;) {
      const { free } = await this.parts.memory();
      if (free >= ledger.need(queue, demand)) return 0;
      if (room.beside) throw new NoRoomBeside('there is not enough memory for both');
      if (!(await room.evict())) {
        return ledger.firstPromising(queue, { ladder: start.ladder, free, now: demand.now });
      }
    }
  }

  /** Decides what to try next. @returns the rung of the ladder. @throws LongshoreError `out_of_memory` */
  private async goOn(start: Start, rung: number, { memory, estimate, error }: Shortage): Promise<number> {
    const { task, ladder } = start;
    const { room, identity, signal } = task;
    const { logger, roomElsewhere, reports } = this.parts;
    const { evictable, others } = room;
    const elsewhere = roomElsewhere(identity, memory);
    const step = afterShortage({ ladder, rung, evictable, others, elsewhere });
    logger.warn('There was not enough memory for a model', {
      ...identity,
      contextSize: ladder[rung],
      next: step.kind,
      reason: error.message,
    });
    if (step.kind === 'shrink') return step.rung;
    if (step.kind === 'evict' && (await room.evict())) return rung;
    if (step.kind === 'wait') {
      reports.waiting(identity);
      if (await room.later(signal)) return 0;
    }
    if (step.kind === 'evict' && rung + 1 < ladder.length) return rung + 1;
    const { free } = memory;
    throw this.tooLarge(start, { contextSize: ladder[rung], free, estimate, reason: error.message });
  }

  private estimate({ provision, hosted }: Start, contextSize: number | undefined): Promise<number> {
    const { files, draft, model } = provision;
    const slots = slotsOf(hosted, this.parts.settings.slots);
    const question = { files, size: model.size, contextSize, slots };
    return estimateNeed(draft === undefined ? question : { ...question, draft: draft.files });
  }

  private started(start: Start, engine: EngineSession, contextSize: number | undefined): StartedSession {
    const { logger, settings, pinned } = this.parts;
    void engine.exited
      .then(() => start.provision.release())
      .catch((error: unknown) => logger.warn('Could not give the files of a model back', { error }));
    return describeStart(start, engine, {
      pinned: pinned(start.task.identity),
      keepAlive: settings.keepAlive,
      contextSize,
    });
  }
}
