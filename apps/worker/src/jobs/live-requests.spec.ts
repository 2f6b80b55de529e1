import { afterEach, describe, expect, it, vi } from 'vitest';
import { Cancelled, EngineStalled, hear, LiveRequests, type NewRequest } from './live-requests.js';

const FAR = Date.now() + 3_600_000;

const job = (requestId: string, wishes: Partial<NewRequest> = {}): NewRequest => ({
  requestId,
  deadline: FAR,
  streaming: true,
  mode: 'completion',
  ...wishes,
});

describe('LiveRequests', () => {
  afterEach(() => vi.useRealTimers());

  it('aborts a running request when it is cancelled', () => {
    const live = new LiveRequests(1_000);
    const request = live.begin(job('r'));
    live.cancel('r');
    expect(request?.abort.signal.reason).toBeInstanceOf(Cancelled);
    live.stop();
  });

  it('does not begin a request whose cancel came first, once', () => {
    const live = new LiveRequests(1_000);
    live.cancel('r');
    expect(live.begin(job('r'))).toBeUndefined();
    expect(live.begin(job('r'))).toBeDefined();
    live.stop();
  });

  it('forgets a cancel that was for nobody', () => {
    vi.useFakeTimers();
    const live = new LiveRequests(600_000);
    live.cancel('r');
    vi.advanceTimersByTime(62_000);
    expect(live.begin(job('r'))).toBeDefined();
    live.stop();
  });

  it('goes on reading after a pause', () => {
    const live = new LiveRequests(1_000);
    const request = live.begin(job('r'));
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
    const silent = live.begin(job('silent'));
    const paused = live.begin(job('paused'));
    live.pause('paused');
    vi.advanceTimersByTime(7_000);
    expect(silent?.abort.signal.reason).toBeInstanceOf(EngineStalled);
    expect(paused?.abort.signal.aborted).toBe(false);
    live.stop();
  });

  it('leaves an answer alone that is not streamed until it has begun: nothing need come before it is whole', () => {
    vi.useFakeTimers();
    const live = new LiveRequests(5_000);
    const begun = live.begin(job('begun', { streaming: false }));
    const whole = live.begin(job('whole', { streaming: false }));
    vi.advanceTimersByTime(7_000);
    if (begun !== undefined) hear(begun);
    vi.advanceTimersByTime(7_000);
    expect(begun?.abort.signal.reason).toBeInstanceOf(EngineStalled);
    expect(whole?.abort.signal.aborted).toBe(false);
    live.stop();
  });

  it('leaves many texts alone that are embedded a few at a time: what came of some says nothing of the next', () => {
    vi.useFakeTimers();
    const live = new LiveRequests(5_000);
    const request = live.begin(job('r', { streaming: false, mode: 'embedding' }));
    if (request !== undefined) hear(request);
    vi.advanceTimersByTime(7_000);
    expect(request?.abort.signal.aborted).toBe(false);
    live.stop();
  });

  it('ends a request whose time is over, also one that is paused for a client of a gateway that died', () => {
    vi.useFakeTimers();
    const live = new LiveRequests(600_000);
    const request = live.begin(job('r', { deadline: Date.now() + 5_000 }));
    live.pause('r');
    vi.advanceTimersByTime(4_000);
    expect(request?.abort.signal.aborted).toBe(false);
    vi.advanceTimersByTime(3_000);
    expect(request?.abort.signal.reason).toMatchObject({ code: 'deadline_exceeded' });
    live.stop();
  });

  it('cancels every try of a request that runs twice here', () => {
    const live = new LiveRequests(1_000);
    const tries = [live.begin(job('r')), live.begin(job('r'))];
    live.cancel('r');
    expect(tries.map((request) => request?.abort.signal.aborted)).toEqual([true, true]);
    live.stop();
  });

  it('leaves the second try of a request alone when the first one ends', () => {
    const live = new LiveRequests(1_000);
    const first = live.begin(job('r'));
    const second = live.begin(job('r'));
    if (first !== undefined) live.end(first);
    live.cancel('r');
    expect(second?.abort.signal.aborted).toBe(true);
    live.stop();
  });
});
