import { describe, expect, it } from 'vitest';
import type { AnswerPart } from './answer-part.js';
import { callFormatOf } from './call-format.js';
import { CallReader } from './call-reader.js';

const HERMES = '<tool_call>';
const tools = ['weather', 'time'];

function parse(template: string, pieces: Iterable<string>, parallel = true): AnswerPart[] {
  let ids = 0;
  const newId = () => `id${ids++}`;
  const reader = new CallReader({ format: callFormatOf(template), newId, tools, parallel });
  return [...[...pieces].flatMap((piece) => reader.push(piece)), ...reader.flush()];
}

/** Text pieces joined where they touch, and calls with all of their arguments. */
function joined(parts: readonly AnswerPart[]): (string | [string, string])[] {
  const all: (string | [string, string])[] = [];
  const calls: [string, string][] = [];
  for (const part of parts) {
    const last = all.at(-1);
    if (part.kind === 'call') all.push((calls[part.call.index] = [part.call.name, '']));
    else if (part.kind === 'arguments') (calls[part.index] ?? ['', ''])[1] += part.text;
    else if (typeof last === 'string') all[all.length - 1] = last + part.text;
    else all.push(part.text);
  }
  return all;
}

const ARGUMENTS = '{"city": "Paris \\"}"}';
const WEATHER = `<tool_call>\n{"name": "weather", "arguments": ${ARGUMENTS}}\n</tool_call>`;
const weather = ['weather', ARGUMENTS];
const time = ['time', '{}'];

const FAMILIES: readonly (readonly [string, string, string])[] = [
  ['hermes', HERMES, `${WEATHER}\n<tool_call>{"name": "time", "arguments": {}}</tool_call>`],
  [
    'mistral',
    '[TOOL_CALLS]',
    `[TOOL_CALLS][{"name": "weather", "arguments": ${ARGUMENTS}, "id": "abc"}, {"name": "time"}]`,
  ],
  [
    'mistral with arguments apart',
    '[TOOL_CALLS] [ARGS]',
    `[TOOL_CALLS]weather[ARGS]${ARGUMENTS}[TOOL_CALLS]time[ARGS]{}`,
  ],
  [
    'deepseek with fences',
    '<｜tool▁calls▁begin｜> ```json',
    `<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>weather\n\`\`\`json\n${ARGUMENTS}\n\`\`\`<｜tool▁call▁end｜>\n<｜tool▁call▁begin｜>function<｜tool▁sep｜>time\n\`\`\`json\n{}\n\`\`\`<｜tool▁call▁end｜><｜tool▁calls▁end｜>`,
  ],
  [
    'deepseek',
    '<｜tool▁calls▁begin｜>',
    `<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>weather<｜tool▁sep｜>${ARGUMENTS}<｜tool▁call▁end｜><｜tool▁call▁begin｜>time<｜tool▁sep｜>{}<｜tool▁call▁end｜><｜tool▁calls▁end｜>`,
  ],
  [
    'llama 3',
    '<|start_header_id|> tools',
    `{"name": "weather", "parameters": ${ARGUMENTS}}; {"name": "time", "parameters": {}}`,
  ],
  [
    'llama 3 with its tag',
    '<|start_header_id|> tools',
    `<|python_tag|>{"type": "function", "name": "weather", "parameters": ${ARGUMENTS}}; {"name": "time"}`,
  ],
  [
    'a template without tools',
    'plain',
    `{"arguments": ${ARGUMENTS}, "name": "weather"}\n{"name": "time", "arguments": "{}"}`,
  ],
];

describe('CallReader', () => {
  it.each(FAMILIES)('finds the calls of %s, whole and character by character', (_, template, text) => {
    expect(joined(parse(template, [text]))).toEqual([weather, time]);
    expect(joined(parse(template, text))).toEqual([weather, time]);
    expect(joined(parse(template, text, false))).toEqual([weather]);
  });

  it('tells the name before the arguments, and hands those on as they come', () => {
    const pieces = ['<tool_call>{"name": "weather"', ', "arguments": {"ci', 'ty": 1', '}}</tool_call>'];
    expect(parse(HERMES, pieces)).toEqual([
      { kind: 'call', call: { index: 0, id: 'id0', name: 'weather' } },
      { kind: 'arguments', index: 0, text: '{"ci' },
      { kind: 'arguments', index: 0, text: 'ty": 1' },
      { kind: 'arguments', index: 0, text: '}' },
    ]);
  });

  it('passes text on as it comes, and holds white space back until more follows', () => {
    expect(parse(HERMES, ['one ', 'two', '\n'])).toEqual(
      ['one', ' two', '\n'].map((text) => ({ kind: 'text', text })),
    );
  });

  it('keeps text before and after a call without the white space between', () => {
    const parts = joined(parse(HERMES, [`Let me see.\n\n${WEATHER}\n`, 'Done.', ' And more.', '\n']));
    expect(parts).toEqual(['Let me see.', weather, 'Done. And more.\n']);
  });

  it('takes a last call that lacks its closing tag', () => {
    expect(joined(parse(HERMES, [WEATHER.replace('</tool_call>', '')]))).toEqual([weather]);
  });

  it.each([
    [HERMES, '<tool_call>not JSON</tool_call>'],
    [HERMES, '<tool_call>[1]</tool_call>'],
    [HERMES, '<tool_call>{"name": "f'],
    [HERMES, '<tool_call>{"name": 5}</tool_call>'],
    [HERMES, 'a < b'],
    [HERMES, '<tool'],
    ['[TOOL_CALLS] [ARGS]', '[TOOL_CALLS]no such name[ARGS]{}'],
    ['<|start_header_id|> tools', '{"name": "Ann", "parameters": {}}'],
    ['<|start_header_id|> tools', '{"answer": 42}'],
    ['<|start_header_id|> tools', 'Look: {"name": "time"}'],
    ['plain', '  {'],
  ])('of %s: gives %j back unchanged, because it is no call', (template, value) => {
    expect(joined(parse(template, value))).toEqual([value]);
    expect(joined(parse(template, [value]))).toEqual([value]);
  });
});
