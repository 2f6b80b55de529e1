import { type EngineName, LongshoreError, type SessionAnnouncement, type Variant } from '#contracts';
import type { Logger } from '#observability';
import { chooseExpired, chooseVictim } from './eviction.js';
import { queueOf, type ResidentSession, type SessionIdentity } from './resident-session.js';

/** What residency does to the world. */
export interface ResidencyEffects {
  /** Brings an engine up with the model and returns its session, not yet taking jobs. @throws Error with a sentence */
  readonly load: (identity: SessionIdentity, signal: AbortSignal) => Promise<ResidentSession>;
  /** Ends the session's engine; nothing of it is left when this resolves. */
  readonly unload: (session: ResidentSession) => Promise<void>;
  /** The model cannot be loaded here: answer who waits for it, unless another worker can. */
  readonly onLoadFailed: (identity: SessionIdentity, error: LongshoreError) => Promise<void>;
  /** An engine has ended by itself. `jobsReturned` resolves when nothing that it ran is in its session's hands. */
  readonly onEngineDied: (session: ResidentSession, jobsReturned: Promise<void>) => void;
  /** What is resident has changed. */
  readonly onChange: () => void;
}

export interface ResidencyLimits {
  /** The engine that this kind of worker loads models into. */
  readonly engine: EngineName;
  readonly maxSessions: number;
  /** ms */
  readonly keepAlive: number;
  /** ms */
  readonly loadTimeout: number;
}

const SWEEP_INTERVAL_MS = 1_000;

/** Which models a worker holds in engines, and when they come and go. */
export class ModelResidency {
  private readonly sessions = new Map<string, ResidentSession>();
  private readonly loading = new Map<string, { identity: SessionIdentity; done: Promise<void> }>();
  /** Loads that have room: each becomes a session or fails. The others wait. */
  private admitted = 0;
  private readonly retiring = new Map<ResidentSession, Promise<void>>();
  private readonly stopping = new AbortController();
  private readonly sweeper: NodeJS.Timeout;
  private roomMade: (() => void)[] = [];

  constructor(
    private readonly variant: Variant,
    private readonly limits: ResidencyLimits,
    private readonly effects: ResidencyEffects,
    private readonly logger: Logger,
  ) {
    this.sweeper = setInterval(() => this.unloadExpired(Date.now()), SWEEP_INTERVAL_MS);
    this.sweeper.unref();
  }

  /** True when the model is resident or on its way. */
  holds(queue: string): boolean {
    return this.sessions.has(queue) || this.loading.has(queue);
  }

  /** True when one more session fits, if need be in the place of an idle one. */
  get hasRoom(): boolean {
    if (this.stopping.signal.aborted) return false;
    return (
      this.sessions.size + this.loading.size < this.limits.maxSessions ||
      chooseVictim(this.sessions.values()) !== undefined
    );
  }

  /** True when `ensure` would not have to wait for room. */
  canTake(identity: SessionIdentity): boolean {
    return this.holds(queueOf(identity, this.variant)) || this.hasRoom;
  }

  /**
   * Makes a model resident; joins a load that is under way. Waits for room when every session is busy.
   * @throws LongshoreError `load_failed`, `shutting_down`
   */
  async ensure(identity: SessionIdentity): Promise<void> {
    const queue = queueOf(identity, this.variant);
    const resident = this.sessions.get(queue);
    if (resident !== undefined && resident.state !== 'draining') return;
    const underWay = this.loading.get(queue)?.done;
    if (underWay !== undefined) return underWay;
    const done = this.load(identity, queue).finally(() => {
      this.loading.delete(queue);
      this.effects.onChange();
    });
    this.loading.set(queue, { identity, done });
    this.effects.onChange();
    return done;
  }

  announce(): SessionAnnouncement[] {
    const loading = [...this.loading.values()].map(({ identity }): SessionAnnouncement => {
      return { ...identity, engine: this.limits.engine, state: 'loading', slots: 0, busy: 0, lastUsed: 0 };
    });
    return [...[...this.sessions.values()].map((session) => session.announce()), ...loading];
  }

  /** Unloads every session of a model, after what it has begun. */
  async forget(modelId: string): Promise<void> {
    const of = [...this.sessions.values()].filter((session) => session.identity.modelId === modelId);
    await Promise.all(of.map((session) => this.retire(session, 'its model was deleted')));
  }

  /** Takes no more work anywhere; resolves when all that was begun is done and every engine is gone. */
  async drain(): Promise<void> {
    clearInterval(this.sweeper);
    this.stopping.abort(new LongshoreError('shutting_down', 'The worker is stopping.'));
    this.makeRoom();
    await Promise.allSettled([...this.loading.values()].map(({ done }) => done));
    await Promise.all(
      [...this.sessions.values()].map((session) => this.retire(session, 'the worker is stopping')),
    );
  }

  private async load(identity: SessionIdentity, queue: string): Promise<void> {
    await this.waitForRoom(queue);
    const timeout = AbortSignal.timeout(this.limits.loadTimeout);
    try {
      const session = await this.bringUp(identity, queue, AbortSignal.any([this.stopping.signal, timeout]));
      void session.engine.exited.then(({ reason }) => this.bury(queue, session, reason));
      session.begin();
      this.logger.info('Loaded a model', { ...identity, slots: session.engine.slots });
    } catch (error) {
      if (this.stopping.signal.aborted) throw this.stopping.signal.reason;
      const reason = timeout.aborted
        ? `it took longer than ${Math.round(this.limits.loadTimeout / 1_000)} s`
        : (error as Error).message;
      const failure =
        error instanceof LongshoreError
          ? error
          : new LongshoreError('load_failed', `The model could not be loaded: ${reason}`);
      this.logger.warn('Could not load a model', { ...identity, reason });
      await this.effects.onLoadFailed(identity, failure);
      throw failure;
    }
  }

  private async bringUp(
    identity: SessionIdentity,
    queue: string,
    signal: AbortSignal,
  ): Promise<ResidentSession> {
    try {
      const session = await this.effects.load(identity, signal);
      this.sessions.set(queue, session);
      return session;
    } finally {
      this.admitted--;
      this.makeRoom();
    }
  }

  /** Returns once one more session fits and the queue's last one is gone, in the order of asking. */
  private async waitForRoom(queue: string): Promise<void> {
    while (this.sessions.has(queue) || this.sessions.size + this.admitted >= this.limits.maxSessions) {
      this.stopping.signal.throwIfAborted();
      const leaving = this.sessions.get(queue) ?? chooseVictim(this.sessions.values());
      if (leaving !== undefined) await this.retire(leaving, 'another model needs the room');
      else await new Promise<void>((resolve) => this.roomMade.push(resolve));
    }
    this.stopping.signal.throwIfAborted();
    this.admitted++;
  }

  private unloadExpired(now: number): void {
    for (const session of chooseExpired(this.sessions.values(), this.limits.keepAlive, now)) {
      void this.retire(session, 'it was idle');
    }
    this.makeRoom();
  }

  private makeRoom(): void {
    for (const resolve of this.roomMade.splice(0)) resolve();
  }

  private retire(session: ResidentSession, reason: string): Promise<void> {
    let retired = this.retiring.get(session);
    if (retired === undefined) {
      this.logger.info('Unloading a model', { ...session.identity, reason });
      retired = this.end(session).finally(() => this.retiring.delete(session));
      this.retiring.set(session, retired);
    }
    return retired;
  }

  private async end(session: ResidentSession): Promise<void> {
    const drained = session.drain();
    this.effects.onChange();
    await drained;
    await this.effects.unload(session);
    this.remove(queueOf(session.identity, this.variant), session);
  }

  /** An engine ended. When nobody asked it to, its session must not take another job. */
  private async bury(queue: string, session: ResidentSession, reason: string): Promise<void> {
    if (session.state === 'draining') return;
    this.logger.error('An engine ended unexpectedly', { ...session.identity, reason });
    const jobsReturned = session.drain();
    this.effects.onEngineDied(session, jobsReturned);
    this.remove(queue, session);
    await jobsReturned;
  }

  private remove(queue: string, session: ResidentSession): void {
    if (this.sessions.get(queue) === session) this.sessions.delete(queue);
    this.makeRoom();
    this.effects.onChange();
  }
}
