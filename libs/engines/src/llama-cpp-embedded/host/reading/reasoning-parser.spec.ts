import { describe, expect, it } from 'vitest';
import { ReasoningParser } from './reasoning-parser.js';

function parse(pieces: Iterable<string>, inside = false) {
  const parser = new ReasoningParser(inside);
  const parts = [...[...pieces].flatMap((piece) => parser.push(piece)), ...parser.flush()];
  const textOf = (kind: string) =>
    parts.flatMap((part) => (part.kind === kind && 'text' in part ? [part.text] : [])).join('');
  return { reasoning: textOf('reasoning'), text: textOf('text') };
}

const ANSWER = '<think>\nLet me see. 1 < 2.\n</think>\n\nIt is so.\n';

describe('ReasoningParser', () => {
  it('tells reasoning from text, in one piece and in pieces of one character', () => {
    const told = { reasoning: 'Let me see. 1 < 2.', text: 'It is so.\n' };
    expect(parse([ANSWER])).toEqual(told);
    expect(parse(ANSWER)).toEqual(told);
  });

  it('begins inside when the prompt has opened the reasoning', () => {
    expect(parse('\nHm.\n</think>Yes.', true)).toEqual({ reasoning: 'Hm.', text: 'Yes.' });
  });

  it.each(['Plain.', '  indented', '<b>bold</b>', 'Use <think> tags.', '<thin', ' '])(
    'leaves %j as it is, because it does not begin with reasoning',
    (text) => expect(parse(text)).toEqual({ reasoning: '', text }),
  );

  it('gives reasoning that was cut off', () => {
    expect(parse(['<think>', 'Let', ' me </th'])).toEqual({ reasoning: 'Let me </th', text: '' });
  });

  it('drops empty reasoning', () => {
    expect(parse(['<think>\n\n</think>\n\n', 'Yes.'])).toEqual({ reasoning: '', text: 'Yes.' });
  });

  it('releases reasoning as it comes', () => {
    const parser = new ReasoningParser(false);
    expect(['<think>', 'one', ' two'].map((piece) => parser.push(piece))).toEqual([
      [],
      [{ kind: 'reasoning', text: 'one' }],
      [{ kind: 'reasoning', text: ' two' }],
    ]);
  });
});
