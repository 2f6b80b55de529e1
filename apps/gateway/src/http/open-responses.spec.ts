import { describe, expect, it } from 'vitest';
import { OpenResponses } from './open-responses.js';

describe('OpenResponses', () => {
  it('admits as many as it may and one more for each that ends', () => {
    const responses = new OpenResponses(2);
    const first = responses.begin();
    expect(responses.begin()).toBeDefined();
    expect(responses.begin()).toBeUndefined();
    first?.end();
    expect(responses.size).toBe(1);
    expect(responses.begin()).toBeDefined();
  });

  it('says to come back when one of the open responses is likely to end', () => {
    let now = 0;
    const responses = new OpenResponses(10, () => now);
    expect(responses.retryAfter()).toBe(1);
    const long = responses.begin();
    now = 20_000;
    long?.end();
    for (let i = 0; i < 4; i++) responses.begin();
    expect(responses.retryAfter()).toBe(5);
  });

  it('never sends anybody away for more than a minute', () => {
    let now = 0;
    const responses = new OpenResponses(1, () => now);
    const endless = responses.begin();
    now = 3_600_000;
    endless?.end();
    expect(responses.retryAfter()).toBe(60);
  });

  it('waits for the last response, but not for ever', async () => {
    const responses = new OpenResponses(2);
    expect(await responses.drained(60_000)).toBe(0);
    const open = responses.begin();
    expect(await responses.drained(5)).toBe(1);
    const drained = responses.drained(60_000);
    open?.end();
    expect(await drained).toBe(0);
  });
});
