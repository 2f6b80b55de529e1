import { describe, expect, it } from 'vitest';
import { LongshoreError } from '#contracts';
import { decodeResponsesRequest } from './decode-request.js';

const decode = (members: object) =>
  decodeResponsesRequest(JSON.stringify({ model: 'm', input: 'Hi', ...members }));

function problem(members: object): { readonly message: string; readonly field: string | undefined } {
  try {
    decode(members);
  } catch (error) {
    if (error instanceof LongshoreError) return { message: error.message, field: error.field };
    throw error;
  }
  throw new Error('nothing was wrong');
}

describe('a request for a response', () => {
  it('asks for a chat completion in the words of a chat completion', () => {
    const { parameters, stream, store } = decode({
      temperature: 0.5,
      max_output_tokens: 9,
      top_k: 3,
      reasoning: { effort: 'low' },
      text: { format: { type: 'json_schema', name: 'n', schema: { type: 'object' }, strict: true } },
    });
    expect(parameters).toEqual({
      temperature: 0.5,
      max_tokens: 9,
      top_k: 3,
      reasoning_effort: 'low',
      response_format: {
        type: 'json_schema',
        json_schema: { name: 'n', schema: { type: 'object' }, strict: true },
      },
    });
    expect({ stream, store }).toEqual({ stream: false, store: true });
  });

  it.each(['metadata', 'tools', 'text', 'top_k', 'input'])(
    'is refused when "%s" nests too deeply',
    (name) => {
      const body = `{"model":"m","input":"Hi","${name}":${'['.repeat(5_000)}${']'.repeat(5_000)}}`;
      expect(() => decodeResponsesRequest(body)).toThrow('nested more than 256 levels');
    },
  );

  it('is refused when it asks to stop at an empty text, or for more answers than one', () => {
    expect(problem({ stop: [''] })).toMatchObject({ field: 'stop' });
    expect(problem({ n: 2 })).toMatchObject({ field: 'n' });
    expect(decode({ stop: ['END'] }).parameters).toEqual({ stop: ['END'] });
  });

  it('is refused when the name of its model is endless', () => {
    expect(problem({ model: 'm'.repeat(2_000) })).toMatchObject({ field: 'model' });
  });

  it('offers only the tools that are allowed', () => {
    const tools = ['a', 'b', 'c'].map((name) => ({ type: 'function', name }));
    const allow = (mode: string, ...names: string[]) => ({
      tools,
      tool_choice: { type: 'allowed_tools', mode, tools: names.map((name) => ({ type: 'function', name })) },
    });
    expect(decode(allow('required', 'a', 'c')).parameters).toEqual({
      tools: [
        { type: 'function', function: { name: 'a' } },
        { type: 'function', function: { name: 'c' } },
      ],
      tool_choice: 'required',
    });
    for (const wrong of [allow('auto', 'd'), allow('auto'), allow('none', 'a')])
      expect(problem(wrong)).toMatchObject({ field: 'tool_choice' });
  });

  it('leaves out the search of the web, which is offered unasked and which nobody here can do', () => {
    const tools = [
      { type: 'function', name: 'a' },
      { type: 'web_search', external_web_access: true },
    ];
    const { parameters, echoed } = decode({ tools });
    expect(parameters).toEqual({ tools: [{ type: 'function', function: { name: 'a' } }] });
    expect(echoed['tools']).toEqual([{ type: 'function', name: 'a' }]);
    expect(decode({ tools: [{ type: 'web_search' }] }).parameters).toEqual({});
  });

  it('offers the functions of a namespace by names that begin with it, and chooses among them', () => {
    const group = { type: 'namespace', name: 'mail', tools: [{ type: 'function', name: 'send' }] };
    const tools = [{ type: 'function', name: 'send' }, group];
    const send = { type: 'function', function: { name: 'mail__send' } };
    const { parameters, echoed } = decode({ tools });
    expect(parameters).toEqual({ tools: [{ type: 'function', function: { name: 'send' } }, send] });
    expect(echoed['tools']).toEqual(tools);

    const choice = { type: 'function', name: 'send', namespace: 'mail' };
    const chosen = decode({ tools, tool_choice: choice });
    expect(chosen.parameters).toEqual({ tools: [send], tool_choice: 'required' });
    expect(chosen.echoed['tool_choice']).toEqual(choice);
    const allowed = { type: 'allowed_tools', mode: 'auto', tools: [choice] };
    expect(decode({ tools, tool_choice: allowed }).parameters).toEqual({
      tools: [send],
      tool_choice: 'auto',
    });
  });

  it('takes function tools in both forms and echoes the flat one', () => {
    const { parameters, echoed } = decode({
      tools: [
        { type: 'function', name: 'a', parameters: {} },
        { type: 'function', function: { name: 'b' } },
      ],
      tool_choice: { type: 'function', name: 'b' },
    });
    expect(parameters).toEqual({
      tools: [{ type: 'function', function: { name: 'b' } }],
      tool_choice: 'required',
    });
    expect(echoed).toMatchObject({
      tools: [
        { type: 'function', name: 'a', parameters: {} },
        { type: 'function', name: 'b' },
      ],
      tool_choice: { type: 'function', name: 'b' },
    });
  });

  it.each([
    [{ input: 7 }, 'input'],
    [{ input: undefined }, 'input'],
    [{ model: 7 }, 'model'],
    [{ stream: 'yes' }, 'stream'],
    [{ max_output_tokens: 0 }, 'max_output_tokens'],
    [{ conversation: 'c' }, 'conversation'],
    [{ truncation: 'auto' }, 'truncation'],
    [{ include: ['file_search_call.results'] }, 'include'],
    [{ tools: [{ type: 'file_search' }] }, 'tools'],
    [{ tools: [{ type: 'namespace', name: 'n', tools: [{ type: 'custom', name: 'x' }] }] }, 'tools'],
    [{ tools: [{ type: 'namespace', tools: [] }] }, 'tools'],
    [{ tools: [{ type: 'web_search' }], tool_choice: 'required' }, 'tool_choice'],
    [{ tools: [{ type: 'web_search' }], tool_choice: { type: 'web_search' } }, 'tool_choice'],
    [{ tools: [], tool_choice: { type: 'function', name: 'x' } }, 'tool_choice'],
    [{ text: { format: { type: 'xml' } } }, 'text.format'],
    [{ background: true, store: false }, 'store'],
    [{ metadata: 'm' }, 'metadata'],
  ])('with %j is refused by the name of the member', (members, field) => {
    expect(problem(members).field).toBe(field);
    expect(problem(members).message).toContain(`"${field.split('.')[0]}`);
  });
});
