import { describe, expect, it } from 'vitest';
import { EraseGate } from './erase-gate.js';

function deferred() {
  const settle: { resolve?: () => void; reject?: (error: Error) => void } = {};
  const promise = new Promise<void>((resolve, reject) => Object.assign(settle, { resolve, reject }));
  return { promise, resolve: () => settle.resolve?.(), reject: (error: Error) => settle.reject?.(error) };
}

const tick = () => new Promise((resolve) => setImmediate(resolve));

describe('EraseGate', () => {
  it('lets streams pass while nothing is erased', async () => {
    await expect(new EraseGate().whenOpen()).resolves.toBeUndefined();
  });

  it('holds streams until the last of several erases is done', async () => {
    const gate = new EraseGate();
    const [one, two] = [deferred(), deferred()];
    const erases = [gate.erase(() => one.promise), gate.erase(() => two.promise)];
    let passed = false;
    const stream = gate.whenOpen().then(() => (passed = true));
    one.resolve();
    await tick();
    expect(passed).toBe(false);
    two.resolve();
    await Promise.all([...erases, stream]);
    expect(passed).toBe(true);
  });

  it('opens again after an erase that fails', async () => {
    const gate = new EraseGate();
    const failing = deferred();
    const erase = gate.erase(() => failing.promise);
    const stream = gate.whenOpen();
    failing.reject(new Error('broken'));
    await expect(erase).rejects.toThrow('broken');
    await expect(stream).resolves.toBeUndefined();
  });
});
