import { describe, expect, it } from 'vitest';
import type { WorkerAnnouncement } from '#contracts';
import { QUEUE_NAME, session, worker } from './__fixtures__/announce.js';
import { Seating } from './seating.js';

const announced = (workerId: string, busy = 0): WorkerAnnouncement =>
  worker([session({ slots: 1, busy })], { workerId });

/** A cluster of two workers with one slot each. */
function twoWorkers() {
  let workers: readonly WorkerAnnouncement[] = [announced('w1'), announced('w2')];
  const seating = new Seating({ workers: () => workers });
  return { seating, announce: (...now: readonly WorkerAnnouncement[]) => (workers = now) };
}

describe('Seating', () => {
  it('seats the next turn where the last one was, as soon as that has ended', () => {
    const { seating } = twoWorkers();
    const turns = Array.from({ length: 5 }, () => {
      const seat = seating.seat(QUEUE_NAME, 'key');
      seat.taken(seat.preference?.workerId);
      seat.leave();
      return seat.preference;
    });
    expect(new Set(turns.map((preference) => preference?.workerId)).size).toBe(1);
    expect(turns[4]).toMatchObject({ waits: true });
  });

  it('knows before workers announce it that they have no room, and who took what another was to run', () => {
    const { seating } = twoWorkers();
    const first = seating.seat(QUEUE_NAME, 'key');
    const second = seating.seat(QUEUE_NAME, 'key');
    const [one, other] = [first.preference?.workerId, second.preference?.workerId];
    expect(new Set([one, other])).toEqual(new Set(['w1', 'w2']));
    expect(seating.seat(QUEUE_NAME, 'key').preference).toEqual({ workerId: one, waits: false });
    second.leave();
    first.taken(other);
    expect(seating.seat(QUEUE_NAME, 'key').preference).toEqual({ workerId: one, waits: true });
  });

  it('believes announcements about all that came before them', () => {
    const { seating, announce } = twoWorkers();
    const { preference } = seating.seat(QUEUE_NAME, 'key');
    announce(announced('w1'), announced('w2'));
    expect(seating.seat(QUEUE_NAME, 'key').preference).toEqual(preference);
    announce(announced('w1', 1), announced('w2', 1));
    expect(seating.seat(QUEUE_NAME, 'key').preference).toMatchObject({ waits: false });
  });

  it('counts requests without a key too', () => {
    const { seating } = twoWorkers();
    const { preference } = seating.seat(QUEUE_NAME, 'key');
    const { seating: another } = twoWorkers();
    const anybody = another.seat(QUEUE_NAME, undefined);
    expect(anybody.preference).toBeUndefined();
    anybody.taken(preference?.workerId);
    expect(another.seat(QUEUE_NAME, 'key').preference?.workerId).not.toBe(preference?.workerId);
  });

  it('seats nobody at sessions that are not ready, or at workers that leave or avoid the queue', () => {
    const { seating, announce } = twoWorkers();
    for (const other of [
      worker([session({ state: 'loading' })], { workerId: 'w2' }),
      { ...announced('w2'), draining: true },
      { ...announced('w2'), avoids: [QUEUE_NAME] },
    ]) {
      announce(announced('w1'), other);
      expect(seating.seat(QUEUE_NAME, 'key').preference).toBeUndefined();
    }
  });
});
