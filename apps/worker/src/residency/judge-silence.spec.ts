import { expect, it } from 'vitest';
import { isToBeAsked, type Look, NO_SILENCE, prolong, type Silence, whyStuck } from './judge-silence.js';

const LIMIT = 300_000;
const BUSY = 400;
const WAITING = 2;

/** A look every 5 s. */
const look = (seen: Partial<Look> = {}): Look => ({
  elapsed: 5_000,
  work: BUSY,
  halted: false,
  answer: undefined,
  ...seen,
});

/** Looks until the engine counts as stuck, or for half an hour. */
function watch(at: (ms: number) => Partial<Look>): { after: number; why: string | undefined } {
  let silence: Silence = NO_SILENCE;
  for (let after = 5_000; after <= 1_800_000; after += 5_000) {
    silence = prolong(silence, look(at(after)));
    const why = whyStuck(silence, LIMIT);
    if (why !== undefined) return { after: after / 1_000, why };
  }
  return { after: Infinity, why: undefined };
}

it.each<[string, (ms: number) => Partial<Look>, number, RegExp]>([
  ['was stopped by a signal', () => ({ halted: true }), 30, /stopped by a signal/],
  ['neither computes nor answers', () => ({ work: WAITING }), 150, /computed nothing and did not say/],
  ['computes for ever and does not answer', () => ({}), 270, /sent nothing for 270 s and did not say/],
  ['does not answer where the system tells nothing', () => ({ work: undefined }), 270, /did not say/],
  [
    'listens and computes nothing',
    () => ({ work: WAITING, answer: 'listening' }),
    270,
    /270 s and computed nothing/,
  ],
  ['answers that it stands still', () => ({ answer: 'silent' }), 270, /did not say that it works/],
])('gives an engine up that %s', (_, at, after, why) => {
  expect(watch(at)).toEqual({ after, why: expect.stringMatching(why) });
});

it.each<[string, (ms: number) => Partial<Look>]>([
  ['answers between two pieces of a prompt', (ms) => (ms % 240_000 === 0 ? { answer: 'working' } : {})],
  ['says that it works, whatever it computes', () => ({ work: 0, answer: 'working' })],
  ['computes, and answers beside its work', () => ({ answer: 'listening' })],
  ['reads its weights from a slow disk, and answers', () => ({ work: 8, answer: 'listening' })],
  ['is stopped for a moment now and then', (ms) => ({ halted: ms % 30_000 !== 0, answer: 'listening' })],
])('leaves an engine alone that %s', (_, at) => {
  expect(watch(at).why).toBeUndefined();
});

it('lets an engine that was silent for long begin anew once it has said that it works', () => {
  const long: Silence = { total: 260_000, still: 140_000, halted: 20_000, unanswered: 260_000 };
  expect(prolong(long, look({ answer: 'working' }))).toBe(NO_SILENCE);
});

it('asks no engine that was silent for moments only', () => {
  expect(isToBeAsked({ ...NO_SILENCE, total: 25_000 }, LIMIT)).toBe(false);
  expect(isToBeAsked({ ...NO_SILENCE, total: 30_000 }, LIMIT)).toBe(true);
});
