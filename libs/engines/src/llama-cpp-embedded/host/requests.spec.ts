import { describe, expect, it } from 'vitest';
import { decodeChat, decodeTextCompletion, withDefaults } from './completion-request.js';
import { decodeDemand, decodeTools, oneDemand } from './demand.js';
import { decodeEmbedding } from './embedding-request.js';

const messages = [{ role: 'user', content: 'hi' }];

describe('withDefaults', () => {
  it('fills in what a request leaves open, or says null to', () => {
    const defaults = { temperature: 0.7, top_k: 9, seed: 1 };
    expect(withDefaults({ temperature: 0, top_k: null, prompt: 'hi' }, defaults)).toEqual({
      temperature: 0,
      top_k: 9,
      seed: 1,
      prompt: 'hi',
    });
  });
});

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

describe('decodeChat, how probable tokens were', () => {
  const top = (body: object) => decodeChat({ messages, ...body }).settings.topLogprobs;

  it('tells the most probable tokens only when asked, as many as wanted', () => {
    expect([top({}), top({ logprobs: false }), top({ logprobs: true })]).toEqual([undefined, undefined, 20]);
    expect([top({ logprobs: true, top_logprobs: 0 }), top({ logprobs: true, top_logprobs: 3 })]).toEqual([
      0, 3,
    ]);
  });

  it.each([
    [{ top_logprobs: 2 }, "'top_logprobs' needs 'logprobs' to be true."],
    [{ logprobs: true, top_logprobs: 21 }, "'top_logprobs' must be a whole number from 0 to 20"],
    [{ n: 0 }, "'n' must be a whole number from 1 to 128"],
  ])('refuses %j with a sentence', (more, sentence) => {
    expect(() => decodeChat({ messages, ...more })).toThrow(sentence);
  });

  it('counts them in the older way for raw completions', () => {
    const raw = (body: object) => decodeTextCompletion({ prompt: 'x', ...body }).settings.topLogprobs;
    expect([raw({}), raw({ logprobs: 0 }), raw({ logprobs: 2 }), raw({ n_probs: 3 })]).toEqual([
      undefined,
      undefined,
      2,
      3,
    ]);
  });
});

describe('decodeDemand', () => {
  const schema = { type: 'integer' };

  it.each([
    [{}, { kind: 'none' }],
    [{ response_format: { type: 'text' } }, { kind: 'none' }],
    [{ grammar: 'root ::= "a"' }, { kind: 'grammar', grammar: 'root ::= "a"' }],
    [{ json_schema: schema }, { kind: 'schema', schema }],
    [{ response_format: { type: 'json_object' } }, { kind: 'schema', schema: { type: 'object' } }],
    [{ response_format: { type: 'json_object', schema } }, { kind: 'schema', schema }],
    [
      { response_format: { type: 'json_schema', json_schema: { name: 'x', schema } } },
      { kind: 'schema', schema },
    ],
  ])('reads %j', (body, demand) => {
    expect(decodeDemand(body)).toEqual(demand);
  });

  it.each([
    [{ response_format: { type: 'json_schema' } }, "'response_format.json_schema.schema' is required."],
    [{ response_format: { type: 'xml' } }, `'response_format': type "xml"`],
    [{ response_format: { type: 'json_object' }, grammar: 'root ::= "a"' }, 'cannot be used together'],
    [{ grammar: 'root ::= "a"{5,2}' }, 'repeats {5,2}, which nothing fits'],
    [{ grammar: `root ::= ${'('.repeat(300)}` }, 'nests its brackets deeper than 256 levels'],
  ])('refuses %j with a sentence', (body, sentence) => {
    expect(() => decodeDemand(body)).toThrow(sentence);
  });
});

describe('decodeTools', () => {
  const tools = ['f', 'g'].map((name) => ({
    type: 'function',
    function: { name, parameters: { type: 'object' } },
  }));
  const demanded = (choice: unknown) => decodeTools({ tools, tool_choice: choice }).demand;

  it('demands no call, any call, or that of one tool', () => {
    expect(demanded('auto')).toEqual({ kind: 'none' });
    expect(demanded('required')).toMatchObject({ kind: 'call', tools: [{ name: 'f' }, { name: 'g' }] });
    expect(demanded({ type: 'function', function: { name: 'g' } })).toMatchObject({ tools: [{ name: 'g' }] });
  });

  it.each([
    [
      { tools, tool_choice: { type: 'function', function: { name: 'h' } } },
      `'tool_choice' names "h", which is not one of`,
    ],
    [{ tool_choice: 'required' }, "'tools' is empty"],
    [{ tools, tool_choice: 'must' }, `'tool_choice' must be "none", "auto"`],
  ])('refuses %j with a sentence', (body, sentence) => {
    expect(() => decodeTools(body)).toThrow(sentence);
  });

  it('cannot demand a call and another form at once', () => {
    expect(() => oneDemand({ kind: 'schema', schema: {} }, demanded('required'))).toThrow('demands a call');
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
