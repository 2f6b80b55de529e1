import { describe, expect, it } from 'vitest';
import { ConnectionBudget } from './connection-budget.js';

const never = new AbortController().signal;

/** Whether a promise has settled by now. */
async function settled(task: Promise<unknown>): Promise<boolean> {
  const pending = Symbol('pending');
  await new Promise((resolve) => setImmediate(resolve));
  return (await Promise.race([task, Promise.resolve(pending)])) !== pending;
}

describe('ConnectionBudget', () => {
  it('gives leave so many times at once, then in the order it was asked', async () => {
    const budget = new ConnectionBudget(1);
    const release = await budget.acquire(never);
    const [second, third] = [budget.acquire(never), budget.acquire(never)];
    expect(await settled(second)).toBe(false);
    release();
    release();
    expect(await settled(third)).toBe(false);
    (await second)();
    (await third)();
    expect(await settled(budget.acquire(never))).toBe(true);
  });

  it('forgets who no longer waits', async () => {
    const budget = new ConnectionBudget(1);
    const release = await budget.acquire(never);
    const abort = new AbortController();
    const gone = budget.acquire(abort.signal);
    const next = budget.acquire(never);
    const reason = new Error('gone');
    abort.abort(reason);
    await expect(gone).rejects.toBe(reason);
    release();
    expect(await settled(next)).toBe(true);
    await expect(budget.acquire(abort.signal)).rejects.toBe(reason);
  });
});
