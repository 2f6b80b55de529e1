import { afterEach, describe, expect, it, vi } from 'vitest';
import { Cancelled, EngineStalled, LiveRequests } from './live-requests.js';

describe('LiveRequests', () => {
  afterEach(() => vi.useRealTimers());

  it('aborts a running request when it is cancelled', () => {
    const live = new LiveRequests(1_000);
    const request = live.begin('r');
    live.cancel('r');
    expect(request?.abort.signal.reason).toBeInstanceOf(Cancelled);
    live.stop();
  });

  it('does not begin a request whose cancel came first, once', () => {
    const live = new LiveRequests(1_000);
    live.cancel('r');
    expect(live.begin('r')).toBeUndefined();
    expect(live.begin('r')).toBeDefined();
    live.stop();
  });

  it('forgets a cancel that was for nobody', () => {
    vi.useFakeTimers();
    const live = new LiveRequests(600_000);
    live.cancel('r');
    vi.advanceTimersByTime(62_000);
    expect(live.begin('r')).toBeDefined();
    live.stop();
  });

  it('goes on reading after a pause', () => {
    const live = new LiveRequests(1_000);
    const request = live.begin('r');
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
    const silent = live.begin('silent');
    const paused = live.begin('paused');
    live.pause('paused');
    vi.advanceTimersByTime(7_000);
    expect(silent?.abort.signal.reason).toBeInstanceOf(EngineStalled);
    expect(paused?.abort.signal.aborted).toBe(false);
    live.stop();
  });

  it('leaves the second try of a request alone when the first one ends', () => {
    const live = new LiveRequests(1_000);
    const first = live.begin('r');
    const second = live.begin('r');
    if (first !== undefined) live.end(first);
    live.cancel('r');
    expect(second?.abort.signal.aborted).toBe(true);
    live.stop();
  });
});
