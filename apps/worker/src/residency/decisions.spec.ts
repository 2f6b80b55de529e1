import { describe, expect, it } from 'vitest';
import type { SessionAnnouncement } from '#contracts';
import { chooseExpired, chooseVictim, type EvictionCandidate } from './eviction.js';
import { shouldExpand } from './expansion.js';

describe('eviction', () => {
  const session = (lastUsed: number, busy = 0, state: EvictionCandidate['state'] = 'ready') => ({
    lastUsed,
    busy,
    state,
    keepAlive: 5_000,
    used: true,
  });

  it('takes the least recently used session that is idle', () => {
    const sessions = [session(3), session(1, 1), session(0, 0, 'draining'), session(2)];
    expect(chooseVictim(sessions)).toBe(sessions[3]);
  });

  it('takes none when every session is busy', () => {
    expect(chooseVictim([session(1, 1), session(2, 4)])).toBeUndefined();
  });

  it('expires idle sessions only after they were kept long enough', () => {
    const [old, busy, fresh] = [session(0), session(0, 1), session(9_500)];
    expect(chooseExpired([old, busy, fresh], 10_000)).toEqual([old]);
  });

  it('never expires a session that is to stay, and takes it only when there is no other', () => {
    const pinned = { ...session(0), keepAlive: -1 };
    const other = session(9);
    expect(chooseExpired([pinned], 1e9)).toEqual([]);
    expect(chooseVictim([pinned, other])).toBe(other);
    expect(chooseVictim([pinned])).toBe(pinned);
  });

  it('expires a session that is not to stay at all once it is idle, but not before its first request', () => {
    const [used, unused] = [
      { ...session(1_000), keepAlive: 0 },
      { ...session(1_000), keepAlive: 0, used: false },
    ];
    expect(chooseExpired([used, unused], 1_000)).toEqual([]);
    expect(chooseExpired([used, unused], 1_500)).toEqual([used]);
    expect(chooseExpired([used, unused], 4_000)).toEqual([used, unused]);
  });
});

describe('expansion', () => {
  const session = (busy: number, state: SessionAnnouncement['state'] = 'ready'): SessionAnnouncement => ({
    modelId: 'm',
    mode: 'completion',
    engine: 'llama.cpp',
    state,
    slots: 4,
    busy,
    lastUsed: 0,
  });
  const question = { waiting: 5, active: 0, servedLately: false, waitingSince: 0, slots: 4, now: 10_000 };

  it('joins when requests wait and every session elsewhere is full', () => {
    expect(shouldExpand({ ...question, elsewhere: [session(4), session(4)] })).toBe(true);
  });

  it('stays away while a session elsewhere has room', () => {
    expect(shouldExpand({ ...question, elsewhere: [session(4), session(3)] })).toBe(false);
  });

  it('stays away when nothing waits', () => {
    expect(shouldExpand({ ...question, waiting: 0, elsewhere: [session(4)] })).toBe(false);
  });

  it('stays away while another worker is loading as many slots as requests wait', () => {
    const elsewhere = [session(4), session(0, 'loading')];
    expect(shouldExpand({ ...question, waiting: 4, elsewhere })).toBe(false);
    expect(shouldExpand({ ...question, waiting: 5, elsewhere })).toBe(true);
    expect(shouldExpand({ ...question, waiting: 9, elsewhere: [session(0, 'loading')] })).toBe(true);
  });

  it('gives a load job time before it picks up requests that nobody serves', () => {
    expect(shouldExpand({ ...question, elsewhere: [], now: 1_000 })).toBe(false);
    expect(shouldExpand({ ...question, elsewhere: [], now: 2_000 })).toBe(true);
    expect(shouldExpand({ ...question, elsewhere: [session(0, 'draining')], now: 2_000 })).toBe(true);
  });

  it('picks up requests at once whose worker or engine was there a moment ago', () => {
    expect(shouldExpand({ ...question, servedLately: true, elsewhere: [], now: 1 })).toBe(true);
    expect(shouldExpand({ ...question, servedLately: true, elsewhere: [session(3)], now: 1 })).toBe(false);
  });

  it('picks up requests at once whose worker has died, and leaves those alone that a worker is finishing', () => {
    const begun = { ...question, waiting: 0, active: 2 };
    expect(shouldExpand({ ...begun, elsewhere: [] })).toBe(true);
    expect(shouldExpand({ ...begun, elsewhere: [], now: 1 })).toBe(true);
    expect(shouldExpand({ ...begun, elsewhere: [session(2)] })).toBe(false);
    expect(shouldExpand({ ...begun, elsewhere: [session(2, 'draining')] })).toBe(false);
  });
});
