import { describe, expect, it } from 'vitest';
import { GrammarSampler, seededRandom } from './__support__/sample-grammar.js';
import { answerGrammar } from '../answer-grammar.js';
import { PLAIN } from '../reading/answer-reader.js';
import { SchemaConverter } from './convert-schema.js';
import { GrammarBuilder } from './grammar-builder.js';
import { KEPT } from './__support__/kept-schemas.js';
import { validatorOf } from './__support__/validator.js';
import { hasText } from './__support__/has-text.js';

function rulesOf(schema: unknown) {
  const builder = new GrammarBuilder();
  return builder.finish(new SchemaConverter(schema, builder).convert());
}

const grammarOf = (schema: unknown) => answerGrammar({ kind: 'schema', schema }, PLAIN);

describe('SchemaConverter', () => {
  it.each(Object.entries(KEPT))('allows only what satisfies %s', (_, schema) => {
    const sampler = new GrammarSampler(rulesOf(schema), seededRandom(7));
    const validate = validatorOf(schema);
    const samples = Array.from({ length: 200 }, () => sampler.sample());
    expect(samples.filter((sample) => !validate(JSON.parse(sample)))).toEqual([]);
  });

  it.each([
    [
      { type: 'integer', minimum: -7, maximum: 12 },
      ['-7', '-1', '0', '9', '10', '12'],
      ['-8', '13', '-0', '01', '+1', '1.0', ''],
    ],
    [
      { type: 'integer', minimum: 95, maximum: 1203 },
      ['95', '99', '100', '999', '1000', '1203'],
      ['94', '1204', '9'],
    ],
    [{ type: 'integer', exclusiveMinimum: 9 }, ['10', '11', '123456'], ['9', '1', '-10']],
    [
      { type: 'number', minimum: 0, maximum: 1 },
      ['0', '1', '0.0', '0.5', '1.0', '0.999'],
      ['1.01', '-0.5', '2', '0.'],
    ],
    [
      { type: 'number', exclusiveMinimum: 0, exclusiveMaximum: 1 },
      ['0.1', '0.01', '0.99'],
      ['0', '0.0', '1', '1.0'],
    ],
    [
      { type: 'number', minimum: -1.25, maximum: 10.5 },
      ['-1.25', '-1.2', '-1', '-0.3', '10.5', '10.49', '10', '3.75'],
      ['-1.26', '10.51', '11', '-2'],
    ],
    [{ type: 'number' }, ['0', '-1.5e-3', '1E9'], ['.5', '1.', '00']],
    [
      { type: 'string', minLength: 2, maxLength: 3 },
      ['"ab"', '"a\\n"', '"\\u0041\\"x"', '"😀😀"'],
      ['"a"', '"abcd"', '"\\ud83d"'],
    ],
    [{ type: 'string', pattern: '^a.c$' }, ['"abc"', '"a\\"c"'], ['"ac"', '"xabc"', '"a"c"']],
    [
      { type: 'string', format: 'date' },
      ['"2024-02-29"', '"1999-12-31"', '"2023-02-28"'],
      ['"2023-02-29"', '"2024-04-31"', '"2024-13-01"'],
    ],
    [
      { type: 'string', format: 'ipv6' },
      ['"::1"', '"2001:db8::ff"', '"1:2:3:4:5:6:7:8"'],
      ['"1::2::3"', '"1:2"'],
    ],
    [
      { type: 'object', properties: { a: { const: 1 }, b: { const: 2 } }, required: ['b'] },
      ['{"a":1,"b":2}', '{ "b": 2 }', '{\n  "b": 2\n}'],
      ['{"a":1}', '{"b":2,"a":1}', '{"b":2,}', '{"b":2}\n'],
    ],
    [
      { type: 'object', properties: { a: { const: 1 }, b: { const: 2 } } },
      ['{}', '{"a":1}', '{"b":2}', '{"a":1,"b":2}'],
      ['{"c":3}', '{,"b":2}'],
    ],
    [
      { type: 'object', properties: { ab: { const: 1 } }, additionalProperties: { const: 0 } },
      ['{"a":0}', '{"abc":0}', '{"ab":1,"x":0}', '{"":0}'],
      ['{"ab":0}', '{"x":1}', '{"\\u0061b":0}'],
    ],
    [
      { type: 'array', items: { const: 1 }, minItems: 1, maxItems: 2 },
      ['[1]', '[1,1]', '[1, 1]'],
      ['[]', '[1,1,1]'],
    ],
    [{ type: 'object', additionalProperties: false }, ['{}', '{ }'], ['{"a":1}']],
    [
      {
        anyOf: [{ $ref: '#/$defs/a' }, { const: 3 }],
        $defs: { a: { anyOf: [{ $ref: '#' }, { const: 4 }] } },
      },
      ['3', '4'],
      ['5'],
    ],
  ])('of %j allows %j and not %j', (schema, allowed, barred) => {
    const rules = rulesOf(schema);
    expect(allowed.filter((text) => !hasText(rules, text))).toEqual([]);
    expect(barred.filter((text) => hasText(rules, text))).toEqual([]);
  });

  it.each([
    [{ type: 'integer', multipleOf: 3 }, "'multipleOf' at #"],
    [
      { type: 'object', properties: { a: { type: 'array', uniqueItems: true } } },
      "'uniqueItems' at #/properties/a",
    ],
    [{ items: { not: { type: 'string' } } }, "'not' at #/items"],
    [{ if: { const: 1 } }, "'if' at #"],
    [{ patternProperties: { '^a': {} } }, "'patternProperties' at #"],
    [{ type: 'string', pattern: '(?=a)b' }, "'pattern' at # cannot be kept: it looks ahead or behind"],
    [
      { type: 'string', pattern: '(a)\\1' },
      "'pattern' at # cannot be kept: it has an escape it does not know",
    ],
    [{ type: 'string', pattern: 'a\\b' }, "'pattern' at #"],
    [{ type: 'string', pattern: '(' }, "'pattern' at # is no regular expression"],
    [{ type: 'string', pattern: '(a*)*' }, 'repeats without end what may be empty'],
    [{ type: 'string', pattern: '^a+$', maxLength: 3 }, "'maxLength' at # cannot be kept beside the pattern"],
    [{ type: 'string', pattern: '^a+$', minLength: 3 }, "'minLength' at # cannot be kept beside the pattern"],
    [{ type: 'string', format: 'iri' }, `'format' at # is "iri"; supported are date, `],
    [{ type: 'number', format: 'roman' }, "'format' at #"],
    [{ type: 'number', minimum: 0.1234567890123456 }, "'minimum' at # has more digits"],
    [{ type: 'integer', minimum: 1e17 }, "'minimum' at #"],
    [{ type: 'object', minProperties: 2, additionalProperties: true }, "'minProperties' at #"],
    [{ type: 'object', properties: { a: true, b: true }, maxProperties: 1 }, "'maxProperties' at #"],
    [
      { oneOf: [{ type: 'number' }, { type: 'integer' }] },
      "'oneOf' at # has alternatives that one value may satisfy",
    ],
    [{ oneOf: [{ type: 'object', properties: { a: true } }, { type: 'object' }] }, "'oneOf' at #"],
    [{ allOf: [{ pattern: 'a' }, { pattern: 'b' }] }, "'pattern' at # is given twice"],
    [{ enum: ['a'], pattern: 'b' }, "'pattern' at # cannot be kept beside 'enum'"],
    [{ $ref: 'https://example.com/schema' }, "'$ref' at # is"],
    [
      { properties: { a: { $ref: '#/$defs/none' } } },
      '\'$ref\' at #/properties/a is "#/$defs/none", which is not there',
    ],
    [{ type: 'text' }, `'type' at # is "text"`],
    [{ properties: { a: 3 } }, '#/properties/a must be an object, true or false, but is 3'],
    [{ properties: [] }, "'properties' at # must be an object"],
    [{ required: 'a' }, "'required' at # must be a list of names"],
    [{ minLength: -1 }, "'minLength' at # must be a whole number"],
    [{ minimum: '1' }, "'minimum' at # must be a number"],
    [{ enum: 'a' }, "'enum' at # must be a list"],
    [{ anyOf: [] }, "'anyOf' at # must be a list"],
    [false, '# allows no value'],
    [{ enum: [] }, '# allows no value'],
    [
      { type: 'object', properties: { a: { $ref: '#' } }, required: ['a'] },
      '# allows no value that comes to an end',
    ],
    [{ $ref: '#' }, '# allows no value that comes to an end'],
    [{ allOf: [{ $ref: '#' }, { type: 'string' }] }, 'refers to itself without end'],
    [{ allOf: [{ type: 'string' }, { type: 'null' }] }, '# allows no value'],
    ['x', '# must be an object'],
  ])('refuses %j and says where and why', (schema, sentence) => {
    expect(() => grammarOf(schema)).toThrow(sentence);
  });
});

describe('SchemaConverter, against schemas made to cost', () => {
  const nested = (depth: number) =>
    JSON.parse('{"items":'.repeat(depth) + 'true' + '}'.repeat(depth)) as unknown;
  const wide = (count: number, schema: unknown) =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`p${index}`, schema]));
  const doubling = Object.fromEntries(
    Array.from({ length: 40 }, (_, index) => [
      `d${index}`,
      { allOf: [{ $ref: `#/$defs/d${index + 1}` }, { $ref: `#/$defs/d${index + 1}` }] },
    ]),
  );
  const options = Array.from({ length: 20 }, (_, index) => ({ required: [`p${index}`] }));

  it.each([
    ['depth', nested(5_000)],
    ['values that are deep', { const: nested(100_000) }],
    ['many properties', { properties: wide(5_000, true) }],
    [
      'many objects',
      { properties: wide(400, { properties: wide(400, { type: 'integer', minimum: 3, maximum: 12 }) }) },
    ],
    ['a long enum', { enum: Array.from({ length: 100_000 }, (_, index) => index) }],
    ['long values', { enum: ['x'.repeat(2_000_000)] }],
    ['references that double', { ...doubling['d0'], $defs: { ...doubling, d40: { type: 'string' } } }],
    ['alternatives that multiply', { allOf: [{ anyOf: options }, { anyOf: options }, { anyOf: options }] }],
    ['alternatives to compare', { oneOf: Array.from({ length: 1_000 }, (_, index) => ({ const: index })) }],
    ['a long pattern', { type: 'string', pattern: 'a'.repeat(100_000) }],
    ['a deep pattern', { type: 'string', pattern: '('.repeat(500) + ')'.repeat(500) }],
    ['a large count', { type: 'string', minLength: 1_000_000_000 }],
    [
      'large counts in each other',
      { type: 'string', pattern: '^((((a{900000}){900000}){900000}){900000})$' },
    ],
    ['long names', { properties: { ['n'.repeat(5_000)]: true }, additionalProperties: true }],
  ])('refuses %s quickly', (_, schema) => {
    const start = performance.now();
    expect(() => grammarOf(schema)).toThrow(/^The JSON schema cannot be honoured/);
    expect(performance.now() - start).toBeLessThan(5_000);
  });
});
