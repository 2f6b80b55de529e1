import { describe, expect, it } from 'vitest';
import { preferWorker, type Seats } from './prefer-worker.js';

const idle = (count: number, slots = 4): Seats[] =>
  Array.from({ length: count }, (_, index) => ({ workerId: `worker-${index}`, slots, busy: 0 }));
const keys = Array.from({ length: 2_000 }, (_, index) => `key ${index}`);
const chosen = (key: string, sessions: readonly Seats[]): string =>
  preferWorker(key, sessions)?.workerId ?? '';

/** The same sessions with another number of requests in those a function picks. */
const filled = (sessions: readonly Seats[], isFull: (session: Seats) => boolean, busy = 4): Seats[] =>
  sessions.map((session) => (isFull(session) ? { ...session, busy } : session));

describe('preferWorker', () => {
  it('leaves the choice to the queue where there is none', () => {
    expect(preferWorker('key', [])).toBeUndefined();
    expect(preferWorker('key', idle(1))).toBeUndefined();
  });

  it('prefers the same worker for the same key, in whatever order workers are known', () => {
    for (const key of keys.slice(0, 100)) {
      expect(chosen(key, idle(5).toReversed())).toBe(chosen(key, idle(5)));
    }
  });

  it('spreads keys evenly, to within a fifth', () => {
    const shares = new Map<string, number>();
    for (const key of keys) {
      const worker = chosen(key, idle(4));
      shares.set(worker, (shares.get(worker) ?? 0) + 1);
    }
    for (const share of shares.values()) expect(Math.abs(share - 500)).toBeLessThan(100);
    expect(shares.size).toBe(4);
  });

  it('moves no key between workers that stay when one leaves', () => {
    const left = idle(5).filter(({ workerId }) => workerId !== 'worker-2');
    const moved = keys.filter((key) => chosen(key, idle(5)) !== chosen(key, left));
    expect(moved.length).toBeGreaterThan(0);
    expect(moved.filter((key) => chosen(key, idle(5)) !== 'worker-2')).toEqual([]);
  });

  it('prefers the next worker in the order of the key while the first has no slot free', () => {
    const first = chosen('key', idle(3));
    const full = filled(idle(3), ({ workerId }) => workerId === first);
    const second = chosen('key', full);
    expect(second).not.toBe(first);
    expect(preferWorker('key', full)).toEqual({ workerId: second, waits: true });
    expect(second).toBe(
      chosen(
        'key',
        idle(3).filter(({ workerId }) => workerId !== first),
      ),
    );
  });

  it('names the first in the order and waits for nobody when no slot is free', () => {
    const full = filled(idle(3), () => true);
    expect(preferWorker('key', full)).toEqual({ workerId: chosen('key', idle(3)), waits: false });
  });

  it('does not give one worker more than its share and a little, however many requests have the same key', () => {
    let sessions = idle(4, 100);
    for (let count = 0; count < 100; count++) {
      const worker = chosen('key', sessions);
      sessions = sessions.map((one) => (one.workerId === worker ? { ...one, busy: one.busy + 1 } : one));
    }
    for (const { busy } of sessions) expect(busy).toBeLessThanOrEqual(Math.ceil(1.25 * 25) + 1);
  });

  it('counts slots, not sessions, for a share', () => {
    const [small, large] = [
      { workerId: 'small', slots: 2, busy: 1 },
      { workerId: 'large', slots: 30, busy: 12 },
    ];
    const preferring = keys.find(
      (key) =>
        chosen(key, [
          { ...large, busy: 0 },
          { ...small, busy: 0 },
        ]) === 'large',
    );
    expect(chosen(preferring ?? '', [large, small])).toBe('large');
  });
});
