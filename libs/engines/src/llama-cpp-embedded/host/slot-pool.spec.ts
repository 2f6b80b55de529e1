import { describe, expect, it } from 'vitest';
import { SlotPool, chooseSlot, commonPrefix } from './slot-pool.js';

const NEVER = new AbortController().signal;

const slot = (name: string, cache: readonly number[] = []) => ({ name, cachedTokens: () => cache });

describe('SlotPool', () => {
  it('gives the free slot whose cache spares most of the prompt', async () => {
    const pool = new SlotPool([slot('cold'), slot('some', [1, 2]), slot('most', [1, 2, 3, 4])]);
    expect((await pool.acquire([1, 2, 3, 4, 5], NEVER)).name).toBe('most');
  });

  it('gives the least recently used slot when no cache is worth it', async () => {
    const pool = new SlotPool([slot('first'), slot('second')]);
    const first = await pool.acquire([1], NEVER);
    pool.release(first);
    expect((await pool.acquire([1], NEVER)).name).toBe('second');
  });

  it('serves those who wait in the order they came', async () => {
    const pool = new SlotPool([slot('only')]);
    const held = await pool.acquire([1], NEVER);
    const served: string[] = [];
    const wait = async (name: string) => {
      const given = await pool.acquire([1], NEVER);
      served.push(name);
      pool.release(given);
    };
    const waiting = Promise.all(['a', 'b', 'c'].map(wait));
    expect(served).toEqual([]);
    pool.release(held);
    await waiting;
    expect(served).toEqual(['a', 'b', 'c']);
    expect(await pool.acquire([1], NEVER)).toBe(held);
  });

  it('forgets a waiter whose signal aborts, and the next one is served instead', async () => {
    const pool = new SlotPool([slot('only')]);
    const held = await pool.acquire([1], NEVER);
    const leaver = new AbortController();
    const left = pool.acquire([1], leaver.signal);
    const next = pool.acquire([1], NEVER);
    leaver.abort(new Error('gone'));
    await expect(left).rejects.toThrow('gone');
    pool.release(held);
    expect((await next).name).toBe('only');
  });

  it('takes no slot for a signal that aborted before', async () => {
    const pool = new SlotPool([slot('only')]);
    await expect(pool.acquire([1], AbortSignal.abort(new Error('gone')))).rejects.toThrow('gone');
    expect((await pool.acquire([1], NEVER)).name).toBe('only');
  });
});

describe('chooseSlot', () => {
  it('does not evict a conversation for a few tokens that all prompts share', () => {
    const prompt = Array.from({ length: 100 }, (_, index) => index);
    expect(chooseSlot([[], [0, 1, 2, 3, 4, 900]], prompt)).toBe(0);
    expect(chooseSlot([[], prompt.slice(0, 11)], prompt)).toBe(1);
  });
});

describe('commonPrefix', () => {
  it.each([
    [[], [1], 0],
    [[1, 2], [1, 2], 2],
    [[1, 2, 3], [1, 2], 2],
    [[1, 9], [1, 2], 1],
  ])('of %j and %j is %i', (a, b, length) => expect(commonPrefix(a, b)).toBe(length));
});
