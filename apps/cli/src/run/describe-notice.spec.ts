import { describe, expect, it } from 'vitest';
import { describeNotice } from './describe-notice.js';

describe('a notice of a stream that waits', () => {
  it.each([
    ['queued position=3 eta=4.2s', 'Waiting in the queue, number 3, about 4.2s …'],
    ['queued position=3', 'Waiting in the queue, number 3 …'],
    ['loading stage=fetching completed=1048576 total=268435456', 'Fetching the model, 1.05MB of 268.44MB …'],
    ['loading stage=starting', 'Starting the engine …'],
    ['loading', 'Loading the model …'],
    ['running', 'Reading the prompt …'],
    ['waiting', 'Waiting for a worker …'],
    ['reconnecting', 'The cluster does not answer; trying again …'],
    ['something new=1', 'something new=1'],
  ])('"%s" reads "%s"', (comment, words) => {
    expect(describeNotice(comment)).toBe(words);
  });
});
