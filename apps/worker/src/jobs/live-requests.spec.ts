import { afterEach, describe, expect, it, vi } from 'vitest';
import { Cancelled, EngineStalled, LiveRequests } from './live-requests.js';

const FAR = Date.now() + 3_600_000;

describe('LiveRequests', () => {
  afterEach(() => vi.useRealTimers());

  it('aborts a running request when it is cancelled', () => {
    const live = new LiveRequests(1_000);
    const request = live.begin('r', FAR);
    live.cancel('r');
    expect(request?.abort.signal.reason).toBeInstanceOf(Cancelled);
    live.stop();
  });

  it('does not begin a request whose cancel came first, once', () => {
    const live = new LiveRequests(1_000);
    live.cancel('r');
    expect(live.begin('r', FAR)).toBeUndefined();
    expect(live.begin('r', FAR)).toBeDefined();
    live.stop();
  });

  it('forgets a cancel that was for nobody', () => {
    vi.useFakeTimers();
    const live = new LiveRequests(600_000);
    live.cancel('r');
    vi.advanceTimersByTime(62_000);
    expect(live.begin('r', FAR)).toBeDefined();
    live.stop();
  });

  it('goes on reading after a pause', () => {
    const live = new LiveRequests(1_000);
    const request = live.begin('r', FAR);
    const resumed = vi.fn<() => void>();
    if (request !== undefined) request.onResume = resumed;
    live.pause('r');
    expect(request?.paused).toBe(true);
    live.resume('r');
    expect(request?.paused).toBe(false);
    expect(resumed).toHaveBeenCalledOnce();
    live.stop();
  });

  it('aborts a request whose engine is silent, but not one that was paused for its client', () => {
    vi.useFakeTimers();
    const live = new LiveRequests(5_000);
    const silent = live.begin('silent', FAR);
    const paused = live.begin('paused', FAR);
    live.pause('paused');
    vi.advanceTimersByTime(7_000);
    expect(silent?.abort.signal.reason).toBeInstanceOf(EngineStalled);
    expect(paused?.abort.signal.aborted).toBe(false);
    live.stop();
  });

  it('ends a request whose time is over, also one that is paused for a client of a gateway that died', () => {
    vi.useFakeTimers();
    const live = new LiveRequests(600_000);
    const request = live.begin('r', Date.now() + 5_000);
    live.pause('r');
    vi.advanceTimersByTime(4_000);
    expect(request?.abort.signal.aborted).toBe(false);
    vi.advanceTimersByTime(3_000);
    expect(request?.abort.signal.reason).toMatchObject({ code: 'deadline_exceeded' });
    live.stop();
  });

  it('cancels every try of a request that runs twice here', () => {
    const live = new LiveRequests(1_000);
    const tries = [live.begin('r', FAR), live.begin('r', FAR)];
    live.cancel('r');
    expect(tries.map((request) => request?.abort.signal.aborted)).toEqual([true, true]);
    live.stop();
  });

  it('leaves the second try of a request alone when the first one ends', () => {
    const live = new LiveRequests(1_000);
    const first = live.begin('r', FAR);
    const second = live.begin('r', FAR);
    if (first !== undefined) live.end(first);
    live.cancel('r');
    expect(second?.abort.signal.aborted).toBe(true);
    live.stop();
  });
});
