import { describe, expect, it } from 'vitest';
import { Quarantine, quarantinedUntil } from './quarantine.js';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const at = (...seconds: number[]): number[] => seconds.map((second) => second * SECOND);

describe('quarantine', () => {
  it('lets two engines die, and others that die far apart', () => {
    expect(quarantinedUntil([])).toBe(0);
    expect(quarantinedUntil(at(1, 2))).toBe(0);
    expect(quarantinedUntil(at(1, 40, 80, 120, 160))).toBe(0);
  });

  it('leaves a model alone for 30 s when three of its engines die within a minute', () => {
    expect(quarantinedUntil(at(1, 30, 59))).toBe(89 * SECOND);
  });

  it('doubles the pause each time the model goes on dying, up to 5 minutes', () => {
    const deaths = at(0, 1, 2);
    const pauses = [quarantinedUntil(deaths) - 2 * SECOND];
    for (let round = 0; round < 5; round++) {
      const next = quarantinedUntil(deaths) + 5 * SECOND;
      deaths.push(next);
      pauses.push(quarantinedUntil(deaths) - next);
    }
    expect(pauses).toEqual([30, 60, 120, 240, 300, 300].map((second) => second * SECOND));
  });

  it('needs three deaths again once a model has lived for a minute after the pause', () => {
    const later = 2 + 30 + 61;
    expect(quarantinedUntil(at(0, 1, 2, later))).toBe(32 * SECOND);
    expect(quarantinedUntil(at(0, 1, 2, later, later + 1, later + 2))).toBe((later + 2 + 60) * SECOND);
  });

  it('forgets old pauses', () => {
    const later = 20 * MINUTE;
    const deaths = [...at(0, 1, 2), later, later + 1, later + 2];
    expect(quarantinedUntil(deaths)).toBe(later + 2 + 30 * SECOND);
  });

  it('counts each model by itself', () => {
    const quarantine = new Quarantine();
    for (const now of at(1, 2)) expect(quarantine.note('a', now)).toBe(0);
    expect(quarantine.note('b', 3 * SECOND)).toBe(0);
    expect(quarantine.note('a', 3 * SECOND)).toBe(33 * SECOND);
    expect(quarantine.remaining('a', 4 * SECOND)).toBe(29 * SECOND);
    expect(quarantine.queues(4 * SECOND)).toEqual(['a']);
    expect(quarantine.queues(34 * SECOND)).toEqual([]);
  });
});
