import { describe, expect, it } from 'vitest';
import { CHOICES_LIMIT, impossibleGrammar, OPTIONAL_LIMIT } from './impossible-grammar.js';

const answerAs = (schema: unknown) => ({
  response_format: { type: 'json_schema', json_schema: { name: 'answer', schema } },
});
const deep = (schema: unknown) => ({
  type: 'object',
  properties: { list: { type: 'array', items: schema } },
});
const object = (count: number) => ({
  type: 'object',
  properties: Object.fromEntries(many(count).map((name) => [name, { type: 'string' }])),
});
const many = (count: number) => Array.from({ length: count }, (_, index) => `v${index}`);

describe('impossibleGrammar', () => {
  it.each([
    ['a string that is longer than it may be', { type: 'string', minLength: 5, maxLength: 2 }],
    ['an array that is longer than it may be', { type: 'array', minItems: 5, maxItems: 2 }],
    ['an array of less than nothing', { type: 'array', maxItems: -1 }],
    ['a pattern that repeats too seldom', { type: 'string', pattern: '^a{5,2}$' }],
    ['too many values', { enum: many(CHOICES_LIMIT + 1) }],
    ['too many alternatives', { anyOf: many(CHOICES_LIMIT + 1).map((value) => ({ const: value })) }],
    ['too many properties that may be left out', object(OPTIONAL_LIMIT + 1)],
  ])('finds %s, wherever it is', (_, schema) => {
    const tools = [{ type: 'function', function: { name: 'one', parameters: deep(schema) } }];
    for (const request of [answerAs(schema), answerAs(deep(schema)), { json_schema: schema }, { tools }])
      expect(impossibleGrammar(request)).toEqual(expect.any(String));
  });

  it('says what is wrong', () => {
    expect(impossibleGrammar(answerAs({ minLength: 5, maxLength: 2 }))).toBe(
      "Nothing fits a JSON schema with 'minLength' 5 and 'maxLength' 2.",
    );
    expect(impossibleGrammar({ grammar: 'root ::= "a"{5, 2}' })).toBe(
      'The grammar repeats {5, 2}, which nothing fits.',
    );
    const choices = many(CHOICES_LIMIT + 1).map((value) => `"${value}"`);
    expect(impossibleGrammar({ grammar: `root ::= ${choices.join(' | ')}` })).toBe(
      `'grammar' has more than ${CHOICES_LIMIT} choices.`,
    );
  });

  it.each([
    ['no grammar', { messages: [{ role: 'user', content: '{5,2}' }] }],
    ['lengths in order', answerAs({ type: 'string', minLength: 2, maxLength: 5 })],
    ['many required properties', answerAs({ ...object(OPTIONAL_LIMIT + 1), required: many(OPTIONAL_LIMIT) })],
    ['one length', answerAs({ type: 'string', minLength: 2, maxLength: 2 })],
    ['properties named like bounds', answerAs({ properties: { minLength: {}, maxLength: {}, pattern: {} } })],
    ['bounds that are no numbers', answerAs({ minLength: '5', maxLength: 2, pattern: 5, enum: 'x' })],
    ['a grammar with brackets as text', { grammar: String.raw`root ::= "{5,2}\"{5,2}" [{5,2}]{1,3}` }],
    ['members of other kinds', { grammar: 5, tools: null, response_format: 'json', json_schema: [] }],
  ])('lets %s through', (_, request) => {
    expect(impossibleGrammar(request)).toBeUndefined();
  });
});
