import { beforeEach, describe, expect, it } from 'vitest';
import type { ResponseCluster } from './recovery.js';
import { UnreadResponses } from './unread-responses.js';

const WINDOW_MS = 30_000;
const OWN = { gatewayId: 'g', stream: 1 };
const OTHER = { gatewayId: 'h', stream: 7 };

describe('UnreadResponses', () => {
  let cancelled: string[];
  let state: { reader: boolean; alive: boolean; job: boolean; reachable: boolean };
  let unread: UnreadResponses;

  beforeEach(() => {
    cancelled = [];
    state = { reader: false, alive: true, job: true, reachable: true };
    const cluster = {
      gatewayId: 'g',
      control: {
        send: async (_: unknown, { requestId }: { requestId: string }) => cancelled.push(requestId),
      },
      queue: { has: async () => state.job, removeCompletion: async () => true },
      records: {
        get reachable() {
          return state.reachable;
        },
        hasReader: async () => state.reader,
        isAlive: async () => state.alive,
      },
    };
    unread = new UnreadResponses(cluster as unknown as ResponseCluster, WINDOW_MS);
  });

  const sweepUntil = async (end: number, each: (now: number) => void = () => undefined): Promise<void> => {
    for (let now = 1_000; now <= end; now += 1_000) {
      each(now);
      unread.sweep(now);
      await new Promise((resolve) => setImmediate(resolve));
    }
  };

  it('stops what nobody has come back for within the window', async () => {
    unread.leave({ requestId: 'g.1', queue: 'q' }, WINDOW_MS, 0);
    await sweepUntil(29_000);
    expect(cancelled).toEqual([]);
    await sweepUntil(31_000);
    expect(cancelled).toEqual(['g.1']);
  });

  it('counts the window from when the last reader was there', async () => {
    unread.leave({ requestId: 'g.1', queue: 'q' }, WINDOW_MS, 0);
    await sweepUntil(45_000, (now) => (state.reader = now < 20_000));
    expect(cancelled).toEqual([]);
    await sweepUntil(60_000, (now) => (state.reader = now < 20_000));
    expect(cancelled).toEqual(['g.1']);
  });

  it('forgets what has ended', async () => {
    unread.leave({ requestId: 'g.1', queue: 'q' }, WINDOW_MS, 0);
    await sweepUntil(2_000);
    state.job = false;
    await sweepUntil(40_000);
    expect(cancelled).toEqual([]);
  });

  it('stops a stray of this gateway at once, unless somebody elsewhere reads it', async () => {
    state.reader = true;
    unread.sight(OWN, 0);
    await sweepUntil(3_000, (now) => unread.sight(OWN, now));
    expect(cancelled).toEqual([]);
    state.reader = false;
    await sweepUntil(4_000, (now) => unread.sight(OWN, now));
    expect(new Set(cancelled)).toEqual(new Set(['g.1']));
  });

  it('leaves strays of another gateway to it while it lives, and stops them once it is gone for the window', async () => {
    unread.sight(OTHER, 0);
    await sweepUntil(60_000, (now) => unread.sight(OTHER, now));
    expect(cancelled).toEqual([]);
    state.alive = false;
    unread.sight({ gatewayId: 'h', stream: 8 }, 0);
    await sweepUntil(29_000, (now) => unread.sight({ gatewayId: 'h', stream: 8 }, now));
    expect(cancelled).toEqual([]);
    await sweepUntil(31_000, (now) => unread.sight({ gatewayId: 'h', stream: 8 }, now));
    expect(cancelled).toContain('h.8');
  });

  it('does not count the time that Redis is away', async () => {
    unread.leave({ requestId: 'g.1', queue: 'q' }, WINDOW_MS, 0);
    state.reachable = false;
    await sweepUntil(60_000);
    state.reachable = true;
    for (let now = 61_000; now <= 80_000; now += 1_000) unread.sweep(now);
    expect(cancelled).toEqual([]);
  });
});
