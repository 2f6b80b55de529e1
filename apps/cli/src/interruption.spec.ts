import { describe, expect, it } from 'vitest';
import { Interruption } from './interruption.js';

describe('Interruption', () => {
  it('ends the command when nobody takes Ctrl-C', () => {
    const interruption = new Interruption();
    interruption.interrupt();
    expect(interruption.signal.aborted).toBe(true);
  });

  it('asks the last who took Ctrl-C until that one gives it back', () => {
    const interruption = new Interruption();
    const asked: string[] = [];
    const releaseFirst = interruption.intercept(() => asked.push('first'));
    const releaseSecond = interruption.intercept(() => asked.push('second'));
    interruption.interrupt();
    releaseSecond();
    interruption.interrupt();
    expect(asked).toEqual(['second', 'first']);
    expect(interruption.signal.aborted).toBe(false);
    releaseFirst();
    interruption.interrupt();
    expect(interruption.signal.aborted).toBe(true);
  });

  it('lets a supervisor end the command whoever took Ctrl-C', () => {
    const interruption = new Interruption();
    interruption.intercept(() => undefined);
    interruption.interrupt('SIGTERM');
    expect(interruption.signal.aborted).toBe(true);
  });
});
