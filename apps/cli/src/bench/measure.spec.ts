import { afterEach, describe, expect, it, vi } from 'vitest';
import { measure, summarize } from './measure.js';

describe('summarize', () => {
  it('counts tokens and requests a second, and the latencies in the middle and at the end', () => {
    const latencies = Array.from({ length: 100 }, (_, index) => 100 - index);
    const tokens = latencies.map(() => 20);
    const result = summarize({ concurrency: 4, tokens, latencies, failures: 1, elapsedMs: 10_000 });
    expect(result).toMatchObject({
      Concurrency: 4,
      TPS: 200,
      MeanRPS: 10,
      TotalTokens: 2_000,
      Requests: 100,
      Failures: 1,
      TotalTime: 1e10,
      LatencyP50: 51,
      LatencyP95: 96,
    });
  });

  it('says nothing of nothing', () => {
    const empty = summarize({ concurrency: 1, tokens: [], latencies: [], failures: 3, elapsedMs: 1 });
    expect(empty).toMatchObject({ TPS: 0, Requests: 0, LatencyP50: 0, LatencyP95: 0 });
  });
});

describe('measure', () => {
  afterEach(() => void vi.useRealTimers());

  it('keeps as many requests under way as it is told, and goes on after one failed', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'performance'] });
    let open = 0;
    let most = 0;
    let asked = 0;
    const failures: unknown[] = [];
    const ask = async (): Promise<number> => {
      asked += 1;
      if (asked === 1) throw new Error('first');
      most = Math.max(most, ++open);
      await new Promise((resolve) => setTimeout(resolve, 5));
      open -= 1;
      return 7;
    };
    const signal = new AbortController().signal;
    const measuring = measure({
      concurrency: 3,
      durationMs: 250,
      ask,
      signal,
      onFailure: (error) => failures.push(error),
    });
    await vi.advanceTimersByTimeAsync(300);
    const result = await measuring;
    expect(most).toBe(3);
    expect(result).toMatchObject({ Failures: 1, TotalTokens: (asked - 1) * 7 });
    expect(failures).toHaveLength(1);
  });

  it('ends when it is interrupted', async () => {
    const controller = new AbortController();
    const ask = (): Promise<number> => {
      controller.abort();
      return Promise.reject(new Error('cut'));
    };
    const measuring = measure({
      concurrency: 1,
      durationMs: 3_600_000,
      ask,
      signal: controller.signal,
      onFailure: () => undefined,
    });
    await expect(measuring).rejects.toMatchObject({ name: 'AbortError' });
  });
});
