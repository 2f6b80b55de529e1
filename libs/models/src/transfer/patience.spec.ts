import { describe, expect, it } from 'vitest';
import { TransientFailure } from '../sources/retry.js';
import { Patience } from './patience.js';

const policy = { attempts: 3, baseDelay: 0, maxDelay: 0 };
const signal = new AbortController().signal;
const broken = new TransientFailure('broken');
const MEBIBYTE = 1024 * 1024;

describe('Patience', () => {
  it('ends with the failure itself after so many in a row', async () => {
    const patience = new Patience(policy, 0);
    await patience.afterFailure(broken, 0, signal);
    await patience.afterFailure(broken, 10, signal);
    await expect(patience.afterFailure(broken, 20, signal)).rejects.toBe(broken);
  });

  it('begins anew when a megabyte was gained, however many failures there were', async () => {
    const patience = new Patience(policy, 0);
    for (let position = MEBIBYTE; position < 20 * MEBIBYTE; position += MEBIBYTE) {
      await patience.afterFailure(broken, position, signal);
    }
    await patience.afterFailure(broken, 19 * MEBIBYTE, signal);
    await expect(patience.afterFailure(broken, 19 * MEBIBYTE, signal)).rejects.toBe(broken);
  });

  it('has none for what another try cannot change', async () => {
    const error = new Error('forbidden');
    await expect(new Patience(policy, 0).afterFailure(error, 0, signal)).rejects.toBe(error);
  });

  it('does not go on waiting when the caller has gone', async () => {
    const abort = new AbortController();
    const patience = new Patience({ attempts: 3, baseDelay: 60_000, maxDelay: 60_000, random: () => 0.5 }, 0);
    const waiting = patience.afterFailure(broken, 0, abort.signal);
    const reason = new Error('gone');
    abort.abort(reason);
    await expect(waiting).rejects.toBe(reason);
  });
});
