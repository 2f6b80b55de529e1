import { describe, expect, it } from 'vitest';
import type { AnswerPart } from './answer-part.js';
import { ToolCallParser } from './tool-call-parser.js';

function parse(...pieces: string[]): AnswerPart[] {
  let ids = 0;
  const parser = new ToolCallParser(() => `id${ids++}`);
  return [...pieces.flatMap((piece) => parser.push(piece)), ...parser.flush()];
}

const text = (value: string) => ({ kind: 'text', text: value });
const call = (name: string, json: string, index = 0) => ({
  kind: 'tool-call',
  call: { index, id: `id${index}`, name, arguments: json },
});
const WEATHER = '<tool_call>\n{"name": "weather", "arguments": {"city": "Paris"}}\n</tool_call>';
const weather = call('weather', '{"city":"Paris"}');

describe('ToolCallParser', () => {
  it('passes text on as it comes, and holds white space back until more follows', () => {
    expect(parse('one ', 'two', '\n')).toEqual([text('one'), text(' two'), text('\n')]);
  });

  it('finds a call in one piece and in pieces of one character', () => {
    expect(parse(WEATHER)).toEqual([weather]);
    expect(parse(...WEATHER)).toEqual([weather]);
  });

  it('keeps text before and after a call without the white space between', () => {
    expect(parse(`Let me see.\n\n${WEATHER}\n`, 'Done.')).toEqual([
      text('Let me see.'),
      weather,
      text('Done.'),
    ]);
  });

  it('keeps the white space of the text that follows a call', () => {
    expect(parse(WEATHER, '\n\nDone.', ' And more.', '\n')).toEqual([
      weather,
      text('Done.'),
      text(' And more.'),
      text('\n'),
    ]);
  });

  it('finds several calls', () => {
    const time = '<tool_call>{"name": "time"}</tool_call>';
    expect(parse(`${WEATHER}\n${time}\n`)).toEqual([weather, call('time', '{}', 1)]);
  });

  it('takes a last call that lacks its closing tag', () => {
    expect(parse(WEATHER.replace('</tool_call>', ''))).toEqual([weather]);
  });

  it.each([
    '<tool_call>not JSON</tool_call>',
    '<tool_call>[1]</tool_call>',
    '<tool_call>{"name": "f',
    'a < b',
    '<tool',
  ])('gives %j back unchanged, because it is no call', (value) => {
    expect(
      parse(...value)
        .map((part) => (part.kind === 'text' ? part.text : ''))
        .join(''),
    ).toBe(value);
  });
});
