import { describe, expect, it } from 'vitest';
import { JSON_OBJECT_GRAMMAR, decodeAnswerGrammar } from './answer-grammar.js';
import { decodeChat, decodeTextCompletion } from './completion-request.js';
import { decodeEmbedding } from './embedding-request.js';

const messages = [{ role: 'user', content: 'hi' }];

describe('decodeChat', () => {
  it('takes the newest name of the token limit, -1 for none and 0 for one token', () => {
    const limit = (body: object) => decodeChat({ messages, ...body }).settings.maxTokens;
    expect(limit({ max_completion_tokens: 5, max_tokens: 6, n_predict: 7 })).toBe(5);
    expect(limit({ n_predict: -1 })).toBeUndefined();
    expect(limit({ max_tokens: 0 })).toBe(1);
    expect(limit({})).toBeUndefined();
  });

  it('offers the tools to the model, unless they shall not be used', () => {
    const tools = [{ type: 'function', function: { name: 'f' } }];
    expect(decodeChat({ messages, tools })).toMatchObject({
      render: { tools },
    });
    const barred = decodeChat({ messages, tools, tool_choice: 'none' });
    expect(barred.render).not.toHaveProperty('tools');
  });

  it('takes one stop string for a list of one', () => {
    expect(decodeChat({ messages, stop: 'x' }).settings.stops).toEqual(['x']);
  });

  it.each([
    [{ max_tokens: 1.5 }, "'max_tokens' must be a whole number of at least -1, but is 1.5."],
    [{ stream: 'yes' }, '\'stream\' must be true or false, but is "yes".'],
    [{ stop: 5 }, "'stop' must be a string or a list of strings, but is 5."],
    [{ chat_template_kwargs: 1 }, "'chat_template_kwargs' must be an object, but is 1."],
    [{ tools: [{ type: 'function' }] }, 'tools[0] must have a function with a name'],
    [{ tools: 'f' }, '\'tools\' must be a list, but is "f".'],
  ])('refuses %j with a sentence', (more, sentence) => {
    expect(() => decodeChat({ messages, ...more })).toThrow(sentence);
  });
});

describe('decodeTextCompletion', () => {
  it('takes a text, a list of one text, or tokens', () => {
    const prompt = (value: unknown) => decodeTextCompletion({ prompt: value }).prompt;
    expect([prompt('a'), prompt(['a']), prompt([1, 2]), prompt([[1, 2]])]).toEqual([
      'a',
      'a',
      [1, 2],
      [1, 2],
    ]);
  });

  it.each([
    [undefined, "'prompt' is required."],
    [['a', 'b'], "'prompt' must be one string"],
    [{}, "'prompt' must be"],
  ])('refuses %j with a sentence', (prompt, sentence) =>
    expect(() => decodeTextCompletion({ prompt })).toThrow(sentence),
  );
});

describe('decodeAnswerGrammar', () => {
  it('binds an answer to a JSON object, to the grammar of the caller, or to nothing', () => {
    expect(decodeAnswerGrammar({ response_format: { type: 'json_object' } })).toBe(JSON_OBJECT_GRAMMAR);
    expect(decodeAnswerGrammar({ grammar: 'root ::= "a"' })).toBe('root ::= "a"');
    expect(decodeAnswerGrammar({ response_format: { type: 'text' } })).toBeUndefined();
  });

  it.each([
    [{ response_format: { type: 'json_schema' } }, `'response_format': type "json_schema"`],
    [{ response_format: { type: 'json_object', schema: {} } }, "'response_format': a schema"],
    [{ response_format: { type: 'json_object' }, grammar: 'root ::= "a"' }, 'cannot be used together'],
    [{ grammar: `root ::= ${'('.repeat(300)}` }, 'nests its brackets deeper than 256 levels'],
  ])('refuses %j with a sentence', (body, sentence) => {
    expect(() => decodeAnswerGrammar(body)).toThrow(sentence);
  });
});

describe('decodeEmbedding', () => {
  it('takes a text, tokens, or lists of both', () => {
    const inputs = (input: unknown) => decodeEmbedding({ input }).inputs;
    expect(inputs('a')).toEqual(['a']);
    expect(inputs([1, 2])).toEqual([[1, 2]]);
    expect(inputs(['a', [1]])).toEqual(['a', [1]]);
  });

  it.each([
    [{}, "'input' is required."],
    [{ input: [] }, "'input' must not be empty."],
    [{ input: {} }, "'input' must be a string, a list of token ids, or a list of those, but is {}."],
    [
      { input: 'a', encoding_format: 'hex' },
      '\'encoding_format\' must be "float" or "base64", but is "hex".',
    ],
    [{ input: 'a', dimensions: 8 }, "does not support 'dimensions': 8"],
  ])('refuses %j with a sentence', (body, sentence) => {
    expect(() => decodeEmbedding(body)).toThrow(sentence);
  });
});
