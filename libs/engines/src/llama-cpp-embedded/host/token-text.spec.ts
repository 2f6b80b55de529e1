import { describe, expect, it } from 'vitest';
import { TokenText } from './token-text.js';

/** A vocabulary of single bytes. */
const bytes = (tokens: readonly number[]) => Buffer.from(tokens).toString('utf8');

describe('TokenText', () => {
  it('gives the text of each token at once when it is whole', () => {
    const text = new TokenText(bytes);
    expect([...Buffer.from('abc')].map((byte) => text.push(byte))).toEqual(['a', 'b', 'c']);
  });

  it('gives a character that spans tokens once, with its last token', () => {
    const text = new TokenText(bytes);
    expect([...Buffer.from('a😀é')].map((byte) => text.push(byte))).toEqual(['a', '', '', '', '😀', '', 'é']);
  });

  it('does not hold broken bytes back for ever', () => {
    const text = new TokenText(bytes);
    const given = [0xff, 0xff, 0xff, 0xff].map((byte) => text.push(byte));
    expect(given.join('')).toBe('\uFFFD'.repeat(4));
  });

  it('gives the incomplete rest when the answer ends inside a character', () => {
    const text = new TokenText(bytes);
    text.push(0xe2);
    expect(text.flush()).toBe('\uFFFD');
    expect(text.flush()).toBe('');
  });

  it('tells the detokenizer which tokens came before', () => {
    const seen: (readonly number[])[] = [];
    const text = new TokenText((tokens, before) => {
      seen.push(before);
      return tokens.join();
    });
    for (const token of [1, 2, 3]) text.push(token);
    expect(seen).toEqual([[], [1], [1, 2]]);
  });
});
