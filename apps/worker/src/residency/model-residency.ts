import { type EngineName, LongshoreError, type SessionAnnouncement, type Variant } from '#contracts';
import type { Logger } from '#observability';
import { chooseExpired, chooseVictim, isIdle } from './eviction.js';
import { queueOf, type ResidentSession, type SessionIdentity } from './resident-session.js';
import { type LoadRoom, type LoadTask, NoRoomBeside } from './load-task.js';
import type { ResidencyEffects } from './residency-effects.js';
import { SessionSet } from './session-set.js';

export interface ResidencyLimits {
  /** The engine a model is loaded into. */
  readonly engineOf: (modelId: string) => EngineName;
  readonly maxSessions: number;
  /** ms */
  readonly loadTimeout: number;
}

/** Which of a worker's sessions are meant; absent members mean all. */
export interface SessionFilter {
  readonly modelId?: string | undefined;
  readonly mode?: string | undefined;
  readonly engine?: string | undefined;
}

/** What is in force for a model from now on. */
export interface Renewal {
  /** ms, -1 = for ever. */
  readonly keepAlive: number;
  readonly revision: string | undefined;
  /** Also what was found not to work; false by default. */
  readonly again?: boolean;
}

interface LoadUnderWay {
  readonly identity: SessionIdentity;
  readonly done: Promise<void>;
}

const SWEEP_INTERVAL_MS = 250;

/** Which models a worker holds in engines, and when they come and go. */
export class ModelResidency {
  private readonly sessions: SessionSet;
  private readonly loading = new Map<string, LoadUnderWay>();
  /** Loads that have room: each becomes a session or fails. The others wait. */
  private admitted = 0;
  private readonly stopping = new AbortController();
  private readonly sweeper: NodeJS.Timeout;

  constructor(
    private readonly variant: Variant,
    private readonly limits: ResidencyLimits,
    private readonly effects: ResidencyEffects,
    private readonly logger: Logger,
  ) {
    this.sessions = new SessionSet(effects, logger);
    this.sweeper = setInterval(() => this.unloadExpired(Date.now()), SWEEP_INTERVAL_MS);
    this.sweeper.unref();
  }

  /** True when the model is resident or on its way. */
  holds(queue: string): boolean {
    return this.loading.has(queue) || this.inQueue(queue).length > 0;
  }

  /** True when one more session fits, if need be in the place of an idle one. */
  get hasRoom(): boolean {
    if (this.stopping.signal.aborted) return false;
    return (
      this.sessions.size + this.loading.size < this.limits.maxSessions ||
      chooseVictim(this.sessions) !== undefined
    );
  }

  /** True when `ensure` would not have to wait for room. */
  canTake(identity: SessionIdentity): boolean {
    return this.holds(this.queueOf(identity)) || this.hasRoom;
  }

  /**
   * Makes a model resident; joins a load that is under way. Waits for room when every session is busy.
   * @param reference what it is asked for by
   * @throws LongshoreError `load_failed`, `out_of_memory`, `shutting_down`
   */
  async ensure(identity: SessionIdentity, reference?: string): Promise<void> {
    const queue = this.queueOf(identity);
    if (this.serving(queue) !== undefined) return;
    const underWay = this.loading.get(queue)?.done;
    if (underWay !== undefined) return underWay;
    return this.underWay(identity, this.load(identity, reference));
  }

  /**
   * Puts what is configured for a model into force: how long its session stays at once; all else with a new session,
   * beside the old one where there is room for both, else after it. Requests in flight finish where they run.
   */
  async renew(identity: SessionIdentity, renewal: Renewal): Promise<void> {
    const { keepAlive, revision, again = false } = renewal;
    const queue = this.queueOf(identity);
    await this.loading.get(queue)?.done.catch(() => undefined);
    const session = this.serving(queue);
    if (session === undefined || this.stopping.signal.aborted) return;
    session.keepAlive = keepAlive;
    this.effects.onChange();
    if (session.revision === revision) return;
    if (!again && session.refusedRevision === (revision ?? '')) return;
    if (this.loading.has(queue)) return this.renew(identity, renewal);
    session.refusedRevision = revision ?? '';
    await this.underWay(identity, this.replace(session)).catch(() => undefined);
  }

  announce(): SessionAnnouncement[] {
    const loading = [...this.loading.values()].map(({ identity }): SessionAnnouncement => {
      const engine = this.limits.engineOf(identity.modelId);
      return { ...identity, engine, state: 'loading', slots: 0, busy: 0, lastUsed: 0 };
    });
    return [...[...this.sessions].map((session) => session.announce()), ...loading];
  }

  /** The models that take requests or are on their way. */
  present(): readonly SessionIdentity[] {
    return [...this.ready(), ...this.loading.values()].map(({ identity }) => identity);
  }

  /** The sessions that take requests. */
  ready(): readonly ResidentSession[] {
    return [...this.sessions].filter(({ state }) => state === 'ready');
  }

  /** Unloads every session of a model, after what it has begun, and those that are on their way as soon as they are there. */
  async forget(modelId: string): Promise<void> {
    const isMeant = ({ identity }: { readonly identity: SessionIdentity }): boolean =>
      identity.modelId === modelId;
    const loads = [...this.loading.values()].filter(isMeant).map(({ done }) => done);
    await this.sessions.retireAll(isMeant, 'its model was deleted');
    if (loads.length === 0) return;
    await Promise.allSettled(loads);
    await this.sessions.retireAll(isMeant, 'its model was deleted');
  }

  /** Ends the idle ones among some sessions. */
  async unloadIdle({ modelId, mode, engine }: SessionFilter): Promise<void> {
    const isMeant = (session: ResidentSession): boolean =>
      isIdle(session) &&
      (modelId === undefined || session.identity.modelId === modelId) &&
      (mode === undefined || session.identity.mode === mode) &&
      (engine === undefined || session.engineName === engine);
    await this.sessions.retireAll(isMeant, 'somebody asked for it');
  }

  /** Takes no more work anywhere; resolves when all that was begun is done and every engine is gone. */
  async drain(): Promise<void> {
    clearInterval(this.sweeper);
    this.stopping.abort(new LongshoreError('shutting_down', 'The worker is stopping.'));
    this.sessions.wake();
    await Promise.allSettled([...this.loading.values()].map(({ done }) => done));
    await this.sessions.retireAll(() => true, 'the worker is stopping');
  }

  private underWay(identity: SessionIdentity, task: Promise<void>): Promise<void> {
    const queue = this.queueOf(identity);
    const done = task.finally(() => {
      this.loading.delete(queue);
      this.effects.onChange();
    });
    this.loading.set(queue, { identity, done });
    this.effects.onChange();
    return done;
  }

  private async load(identity: SessionIdentity, reference: string | undefined): Promise<void> {
    await this.waitForRoom(identity);
    try {
      await this.bringUp({ identity, reference, room: this.roomBut(undefined) });
    } catch (error) {
      const failure = this.explain(identity, error);
      await this.effects.onLoadFailed(identity, failure);
      throw failure;
    }
  }

  /** Beside the session that is there, or after it. */
  private async replace(session: ResidentSession): Promise<void> {
    const { identity, reference } = session;
    const fits = this.sessions.size + this.admitted < this.limits.maxSessions;
    if (fits) {
      this.admitted++;
      try {
        await this.bringUp({ identity, reference, room: this.roomBut(session) });
        void this.sessions.retire(session, 'it was configured anew');
        return;
      } catch (error) {
        if (!(error instanceof NoRoomBeside))
          return this.effects.onRenewalFailed(identity, this.explain(identity, error));
      }
    }
    await this.sessions.retire(session, 'it was configured anew');
    await this.load(identity, reference);
  }

  /** The caller has admitted it. */
  private async bringUp(load: Pick<LoadTask, 'identity' | 'reference' | 'room'>): Promise<void> {
    const timeout = AbortSignal.timeout(this.limits.loadTimeout);
    const queue = this.queueOf(load.identity);
    try {
      const signal = AbortSignal.any([this.stopping.signal, timeout]);
      const session = await this.effects.load({ ...load, queue, signal });
      this.sessions.add(session);
      void session.engine.exited.then(({ reason }) => this.sessions.bury(session, reason));
      session.begin();
      this.logger.info('Loaded a model', { ...load.identity, slots: session.engine.slots });
      this.effects.onLoaded(session);
    } catch (error) {
      if (!timeout.aborted || this.stopping.signal.aborted) throw error;
      throw new Error(`it took longer than ${Math.round(this.limits.loadTimeout / 1_000)} s`, {
        cause: error,
      });
    } finally {
      this.admitted--;
      this.sessions.wake();
    }
  }

  /** @throws the reason of the stop, once the worker is stopping */
  private explain(identity: SessionIdentity, error: unknown): LongshoreError {
    this.stopping.signal.throwIfAborted();
    const reason = error instanceof Error ? error.message : String(error);
    this.logger.warn('Could not load a model', { ...identity, reason });
    if (error instanceof LongshoreError) return error;
    return new LongshoreError('load_failed', `unable to load runner: ${reason}`);
  }

  /** Returns once one more session fits and the queue's last one is gone, in the order of asking. */
  private async waitForRoom(identity: SessionIdentity): Promise<void> {
    const queue = this.queueOf(identity);
    this.effects.onWaiting(identity);
    for (;;) {
      this.stopping.signal.throwIfAborted();
      const [old] = this.inQueue(queue);
      const full = this.sessions.size + this.admitted >= this.limits.maxSessions;
      if (old === undefined && !full) break;
      const leaving = old ?? chooseVictim(this.sessions);
      if (leaving !== undefined) await this.sessions.retire(leaving, 'another model needs the room');
      else await this.sessions.change();
    }
    this.admitted++;
  }

  /** What a load may do about the others. @param beside the session that is to be replaced */
  private roomBut(beside: ResidentSession | undefined): LoadRoom {
    const { sessions } = this;
    const evict = async (): Promise<boolean> => {
      const victim = chooseVictim(sessions);
      if (victim === undefined) return false;
      await sessions.retire(victim, 'another model needs its memory');
      return true;
    };
    return {
      beside: beside !== undefined,
      get others() {
        return sessions.size > 0;
      },
      get evictable() {
        return chooseVictim(sessions) !== undefined;
      },
      evict,
      later: async (signal) => {
        const before = sessions.size;
        if (before === 0) return false;
        while (!(await evict()) && sessions.size >= before) {
          signal.throwIfAborted();
          await sessions.change();
        }
        return true;
      },
    };
  }

  private unloadExpired(now: number): void {
    for (const session of chooseExpired(this.sessions, now))
      void this.sessions.retire(session, 'it was idle');
    this.sessions.wake();
  }

  private inQueue(queue: string): readonly ResidentSession[] {
    return [...this.sessions].filter((session) => this.queueOf(session.identity) === queue);
  }

  /** The session of a queue that takes requests. */
  private serving(queue: string): ResidentSession | undefined {
    return this.inQueue(queue).find(({ state }) => state !== 'draining');
  }

  private queueOf(identity: SessionIdentity): string {
    return queueOf(identity, this.variant);
  }
}
