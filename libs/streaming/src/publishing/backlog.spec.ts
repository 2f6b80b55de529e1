import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Backlog } from './backlog.js';

const KIB = 1024;

describe('Backlog', () => {
  let held: number | undefined;
  let looks: number;
  let backlog: Backlog;

  beforeEach(() => {
    vi.useFakeTimers();
    held = 0;
    looks = 0;
    backlog = new Backlog(async () => {
      looks++;
      return held;
    });
  });
  afterEach(() => vi.useRealTimers());

  const publish = (bytes: number, to = backlog): void => {
    to.add(bytes);
    to.published();
  };

  it('does not look while little is published', () => {
    for (let i = 0; i < 60; i++) publish(2 * KIB);
    expect([looks, backlog.behind]).toEqual([0, false]);
  });

  it('looks once every so many kilobytes', async () => {
    for (let i = 0; i < 1_000; i++) {
      publish(2 * KIB);
      await vi.advanceTimersByTimeAsync(0);
      expect(backlog.behind).toBe(false);
    }
    expect(looks).toBe(15);
  });

  it('counts a gateway as behind while nobody knows how much is held for it', async () => {
    backlog.add(600 * KIB);
    expect([looks, backlog.behind]).toEqual([0, true]);
    backlog.published();
    expect(backlog.behind).toBe(true);
    await vi.advanceTimersByTimeAsync(0);
    expect(backlog.behind).toBe(false);
  });

  it('looks again and again at one for which much is held, until it has read that', async () => {
    held = 1_700 * KIB;
    publish(300 * KIB);
    for (let second = 1; second <= 5; second++) {
      await vi.advanceTimersByTimeAsync(1_000);
      expect(backlog.behind).toBe(true);
      held -= 200 * KIB;
    }
    expect(looks).toBeGreaterThan(20);
    held = 100 * KIB;
    await vi.advanceTimersByTimeAsync(20);
    expect(backlog.behind).toBe(false);
    const before = looks;
    await vi.advanceTimersByTimeAsync(10_000);
    expect(looks).toBe(before);
  });

  it('knows at once of one that only had yet to read what was published last', async () => {
    held = 300 * KIB;
    publish(300 * KIB);
    await vi.advanceTimersByTimeAsync(0);
    expect(backlog.behind).toBe(true);
    held = 0;
    await vi.advanceTimersByTimeAsync(1);
    expect(backlog.behind).toBe(false);
  });

  it('does not wait for one that reads nothing, but for one that reads again', async () => {
    held = 700 * KIB;
    publish(300 * KIB);
    await vi.advanceTimersByTimeAsync(1_900);
    expect(backlog.behind).toBe(true);
    await vi.advanceTimersByTimeAsync(200);
    expect(backlog.behind).toBe(false);
    held = 900 * KIB;
    publish(300 * KIB);
    await vi.advanceTimersByTimeAsync(0);
    expect(backlog.behind).toBe(false);
    held = 800 * KIB;
    publish(300 * KIB);
    await vi.advanceTimersByTimeAsync(0);
    expect(backlog.behind).toBe(true);
  });

  it('holds nobody back where Redis does not say', async () => {
    held = undefined;
    publish(600 * KIB);
    await vi.advanceTimersByTimeAsync(0);
    expect(backlog.behind).toBe(false);
    const failing = new Backlog(() => Promise.reject(new Error('NOPERM')));
    publish(600 * KIB, failing);
    await vi.advanceTimersByTimeAsync(0);
    expect(failing.behind).toBe(false);
  });
});
