import { describe, expect, it } from 'vitest';
import { EXIT } from '../exit-codes.js';
import { GatewayFailure } from './gateway-failure.js';
import { retrying } from './retry.js';

const failure = (transient: boolean) => new GatewayFailure('no', EXIT.unreachable, 0, transient);

function failing(times: number, transient = true) {
  const counter = { tries: 0 };
  const attempt = (): Promise<string> => {
    counter.tries += 1;
    return counter.tries > times ? Promise.resolve('done') : Promise.reject(failure(transient));
  };
  return { counter, attempt };
}

const options = { signal: new AbortController().signal, onRetry: () => undefined, delaysMs: [1, 1, 1, 1] };

describe('retrying', () => {
  it('tries again four times and tells of each wait', async () => {
    const told: number[] = [];
    const { counter, attempt } = failing(4);
    const onRetry = (_: GatewayFailure, delay: number, number: number) => told.push(delay * 10 + number);
    expect(await retrying(attempt, { ...options, delaysMs: [1, 2, 3, 4], onRetry })).toBe('done');
    expect(counter.tries).toBe(5);
    expect(told).toEqual([11, 22, 33, 44]);
  });

  it('gives up after the fifth try with what that one said', async () => {
    const { counter, attempt } = failing(9);
    await expect(retrying(attempt, options)).rejects.toThrow('no');
    expect(counter.tries).toBe(5);
  });

  it('does not try again what would fail again', async () => {
    const { counter, attempt } = failing(1, false);
    await expect(retrying(attempt, options)).rejects.toThrow('no');
    expect(counter.tries).toBe(1);
  });

  it('stops waiting when it is interrupted', async () => {
    const controller = new AbortController();
    const { attempt } = failing(9);
    const onRetry = () => controller.abort();
    const waiting = retrying(attempt, { signal: controller.signal, onRetry, delaysMs: [3_600_000] });
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
  });
});
