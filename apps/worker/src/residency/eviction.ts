/** What eviction looks at. */
export interface EvictionCandidate {
  readonly busy: number;
  readonly state: 'loading' | 'ready' | 'draining';
  /** ms since the epoch. */
  readonly lastUsed: number;
}

/** The session to unload when room is needed: the least recently used of those that are ready and idle. */
export function chooseVictim<T extends EvictionCandidate>(sessions: Iterable<T>): T | undefined {
  let victim: T | undefined;
  for (const session of sessions) {
    if (session.state !== 'ready' || session.busy > 0) continue;
    if (victim === undefined || session.lastUsed < victim.lastUsed) victim = session;
  }
  return victim;
}

/** The sessions that have been idle for longer than they are kept. */
export function chooseExpired<T extends EvictionCandidate>(
  sessions: Iterable<T>,
  keepAlive: number,
  now: number,
): T[] {
  return [...sessions].filter(
    (session) => session.state === 'ready' && session.busy === 0 && now - session.lastUsed > keepAlive,
  );
}
