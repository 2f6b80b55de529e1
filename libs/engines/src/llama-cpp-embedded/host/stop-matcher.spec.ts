import { describe, expect, it } from 'vitest';
import { StopMatcher } from './stop-matcher.js';

function run(stops: readonly string[], pieces: readonly string[]) {
  const matcher = new StopMatcher(stops);
  const released: string[] = [];
  for (const piece of pieces) {
    const { text, stopped } = matcher.push(piece);
    released.push(text);
    if (stopped) return { released, stopped: true };
  }
  released.push(matcher.flush());
  return { released, stopped: false };
}

describe('StopMatcher', () => {
  it('releases every piece at once when nothing looks like a stop string', () => {
    expect(run(['END'], ['one ', 'two'])).toEqual({ released: ['one ', 'two', ''], stopped: false });
  });

  it('cuts the text before a stop string inside one piece', () => {
    expect(run(['END'], ['one END two'])).toEqual({ released: ['one '], stopped: true });
  });

  it('finds a stop string that spans pieces and releases none of it', () => {
    expect(run(['END'], ['one E', 'N', 'D two'])).toEqual({ released: ['one ', '', ''], stopped: true });
  });

  it('releases what it held back once it turns out to be no stop string', () => {
    expect(run(['END'], ['one E', 'nough'])).toEqual({ released: ['one ', 'Enough', ''], stopped: false });
  });

  it('releases the held rest when the text ends in the middle of a stop string', () => {
    expect(run(['END'], ['one EN'])).toEqual({ released: ['one ', 'EN'], stopped: false });
  });

  it('says which stop string it was', () => {
    expect(new StopMatcher(['late', 'b']).push('a b late')).toMatchObject({ stop: 'b' });
  });

  it('stops at whichever stop string comes first in the text', () => {
    expect(run(['late', 'b'], ['a b late'])).toEqual({ released: ['a '], stopped: true });
  });

  it('holds back the longest possible beginning when stop strings overlap', () => {
    expect(run(['aab'], ['aa', 'ab'])).toEqual({ released: ['', 'a'], stopped: true });
  });

  it('ignores an empty stop string', () => {
    expect(run([''], ['text'])).toEqual({ released: ['text', ''], stopped: false });
  });
});
