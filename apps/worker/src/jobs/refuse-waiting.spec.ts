import { describe, expect, it } from 'vitest';
import { LongshoreError } from '#contracts';
import { refuseWaiting } from './refuse-waiting.js';

describe('refuseWaiting', () => {
  it('goes on until no job is left, also while Redis does not say how many are', async () => {
    const answers = [new LongshoreError('redis_unavailable'), 1, new LongshoreError('redis_unavailable'), 0];
    const events: string[] = [];
    const jobs = {
      unfinished: async (): Promise<number> => {
        const answer = answers.shift() ?? 0;
        if (typeof answer === 'number') return answer;
        throw answer;
      },
    };
    const createPump = () => ({
      start: () => void events.push('started'),
      stop: async () => void events.push('stopped'),
    });
    const refuse = (): Promise<void> => Promise.resolve();
    await refuseWaiting({ queue: 'q', jobs, createPump, refuse }, new LongshoreError('load_failed'));
    expect(answers).toEqual([]);
    expect(events).toEqual(['started', 'stopped']);
  });
});
