import { describe, expect, it } from 'vitest';
import { LongshoreError } from '#contracts';
import { AvoidedModels } from './avoided-models.js';

const tooLarge = new LongshoreError('out_of_memory', 'There is not enough memory.');

describe('models a worker leaves alone', () => {
  it('are those that did not fit, for a while, until memory is freed or they are configured anew', () => {
    const avoided = new AvoidedModels('w');
    avoided.noteTooLarge('a', tooLarge, 1_000);
    expect(avoided.queues(2_000)).toEqual(['a']);
    expect(avoided.reasonFor('a', 2_000)).toBe(tooLarge);
    expect(avoided.remaining('a', 60_000)).toBe(0);
    avoided.roomMade();
    expect(avoided.queues(2_000)).toEqual([]);
    avoided.noteTooLarge('a', tooLarge, 1_000);
    avoided.reconfigured('a');
    expect(avoided.remaining('a', 2_000)).toBe(0);
  });

  it('are those whose engines keep dying, whatever else happens', () => {
    const avoided = new AvoidedModels('w');
    expect(avoided.noteDeath('a', 1_000)).toBe(0);
    avoided.noteDeath('a', 2_000);
    expect(avoided.noteDeath('a', 3_000)).toBe(30_000);
    avoided.roomMade();
    expect(avoided.queues(4_000)).toEqual(['a']);
    expect(avoided.reasonFor('a', 4_000)).toMatchObject({
      code: 'load_failed',
      message: expect.stringContaining('worker w, which leaves it alone for 29 s more'),
    });
  });
});
