import type { Logger } from '#observability';
import type { ResidencyEffects } from './residency-effects.js';
import type { ResidentSession } from './resident-session.js';

/** The sessions of a worker, from when they take jobs until their engines are gone. */
export class SessionSet implements Iterable<ResidentSession> {
  private readonly sessions = new Set<ResidentSession>();
  private readonly retiring = new Map<ResidentSession, Promise<void>>();
  private waiting: (() => void)[] = [];

  constructor(
    private readonly effects: Pick<ResidencyEffects, 'unload' | 'onEngineDied' | 'onChange'>,
    private readonly logger: Logger,
  ) {}

  get size(): number {
    return this.sessions.size;
  }

  [Symbol.iterator](): Iterator<ResidentSession> {
    return this.sessions[Symbol.iterator]();
  }

  add(session: ResidentSession): void {
    this.sessions.add(session);
  }

  /** Ends a session after what it has begun; its engine is gone when this resolves. */
  retire(session: ResidentSession, reason: string): Promise<void> {
    let retired = this.retiring.get(session);
    if (retired === undefined) {
      this.logger.info('Unloading a model', { ...session.identity, reason });
      retired = this.end(session).finally(() => this.retiring.delete(session));
      this.retiring.set(session, retired);
    }
    return retired;
  }

  async retireAll(isMeant: (session: ResidentSession) => boolean, reason: string): Promise<void> {
    await Promise.all([...this.sessions].filter(isMeant).map((session) => this.retire(session, reason)));
  }

  /** An engine ended. When nobody asked it to, its session must not take another job. */
  async bury(session: ResidentSession, reason: string): Promise<void> {
    if (session.state === 'draining') return;
    this.logger.error('An engine ended unexpectedly', { ...session.identity, reason });
    const jobsReturned = session.drain();
    this.effects.onEngineDied(session, jobsReturned);
    this.remove(session);
    await jobsReturned;
  }

  /** Resolves when sessions may have come, gone or fallen idle. */
  change(): Promise<void> {
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  /** Lets those look who wait for a change. */
  wake(): void {
    for (const resolve of this.waiting.splice(0)) resolve();
  }

  private async end(session: ResidentSession): Promise<void> {
    const drained = session.drain();
    this.effects.onChange();
    await drained;
    await this.effects.unload(session);
    this.remove(session);
  }

  private remove(session: ResidentSession): void {
    this.sessions.delete(session);
    this.wake();
    this.effects.onChange();
  }
}
