import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fixtureModel } from './fixtures.js';
import { EMBEDDING_DIMENSIONS } from './gguf/embedding-model.js';
import { SCRIPTS, type ScriptName } from './gguf/scripts.js';
import { openRequest, requestJson } from './http.js';
import { startLlamaServer, type LlamaServerFixture } from './llama-server.js';
import { assembleChat, parseSse, type AssembledChat } from './sse.js';

let server: LlamaServerFixture;

const tool = (name: string, ...parameters: string[]) => ({
  type: 'function',
  function: {
    name,
    parameters: {
      type: 'object',
      properties: Object.fromEntries(parameters.map((parameter) => [parameter, { type: 'string' }])),
    },
  },
});
const TOOLS = [tool('get_weather', 'city'), tool('get_time', 'zone')];

async function stream(name: ScriptName, parameters: object = {}): Promise<AssembledChat> {
  const response = await openRequest({
    url: `${server.url}/v1/chat/completions`,
    body: {
      messages: [{ role: 'user', content: SCRIPTS[name].prompt }],
      stream: true,
      stream_options: { include_usage: true },
      max_tokens: 400,
      ...parameters,
    },
  });
  return assembleChat(parseSse(await response.whole()));
}

async function answer(body: object, path = '/v1/chat/completions'): Promise<unknown> {
  return (await requestJson({ url: `${server.url}${path}`, body })).json;
}

describe('the scripted model in a real llama-server', () => {
  beforeAll(async () => {
    server = await startLlamaServer({
      model: await fixtureModel('scripted'),
      arguments: ['--parallel', '4', '--ctx-size', '16384', '--threads', '1', '--jinja'],
    });
  });
  afterAll(() => server.stop());

  it.each(['say', 'json', 'count'] as const)('says the text of !%s, one piece a chunk', async (name) => {
    const chat = await stream(name);
    expect(chat.text).toBe(SCRIPTS[name].text);
    expect(chat.finishReason).toBe('stop');
    expect(chat.usage?.completion_tokens).toBe(SCRIPTS[name].pieces.length + 1);
  });

  it('streams a long reply in many chunks', async () => {
    expect((await stream('count')).textChunks).toBeGreaterThan(250);
  });

  it('says the same without a stream', async () => {
    const messages = [{ role: 'user', content: SCRIPTS.count.prompt }];
    expect(await answer({ messages })).toMatchObject({
      choices: [{ finish_reason: 'stop', message: { content: SCRIPTS.count.text } }],
    });
  });

  it('reasons before it answers', async () => {
    expect(await stream('think')).toMatchObject({
      text: SCRIPTS.think.text,
      reasoning: SCRIPTS.think.reasoning,
    });
  });

  it.each(['tool', 'tools2'] as const)('calls the tools of !%s', async (name) => {
    const chat = await stream(name, { tools: TOOLS });
    const calls = chat.toolCalls.map((call) => ({
      name: call.name,
      arguments: JSON.parse(call.arguments) as unknown,
    }));
    expect(calls).toEqual(SCRIPTS[name].calls);
    expect(chat.text).toBe(SCRIPTS[name].text);
    expect(chat.finishReason).toBe('tool_calls');
  });

  it('goes round in a loop until it is stopped', async () => {
    const chat = await stream('loop', { max_tokens: 203 });
    expect(chat.text).toBe(SCRIPTS.loop.textOf(203));
    expect(chat.finishReason).toBe('length');
  });

  it('throws equal dice for equal seeds and all faces in the long run', async () => {
    const thrown = async (seed: number): Promise<string> => (await stream('dice', { seed })).text;
    expect(await thrown(7)).toBe(await thrown(7));
    const faces = new Set<string>();
    for (let seed = 1; seed <= 60; seed++) faces.add(await thrown(seed));
    expect([...faces].sort()).toEqual([...SCRIPTS.dice.faces].sort());
  });

  it('gives the six faces of the dice the same logprob', async () => {
    const body = { messages: [{ role: 'user', content: '!dice' }], logprobs: true, top_logprobs: 6 };
    const { choices } = (await answer(body)) as {
      choices: { logprobs: { content: { top_logprobs: { token: string; logprob: number }[] }[] } }[];
    };
    const top = choices[0]?.logprobs.content[0]?.top_logprobs ?? [];
    expect(top.map(({ token }) => token).sort()).toEqual([...SCRIPTS.dice.faces].sort());
    for (const { logprob } of top) expect(logprob).toBeCloseTo(-Math.log(6), 4);
  });

  it('follows the last user message, and says !say after the result of a tool', async () => {
    const messages = [
      { role: 'system', content: 'You are a crane.' },
      { role: 'user', content: SCRIPTS.json.prompt },
      { role: 'assistant', content: SCRIPTS.json.text },
      { role: 'user', content: SCRIPTS.tool.prompt },
    ];
    const call = {
      id: '1',
      type: 'function',
      function: { name: 'get_weather', arguments: '{"city":"Paris"}' },
    };
    const result = [
      { role: 'assistant', content: null, tool_calls: [call] },
      { role: 'tool', tool_call_id: '1', content: 'sunny' },
    ];
    expect(await answer({ messages, tools: TOOLS })).toMatchObject({
      choices: [{ finish_reason: 'tool_calls' }],
    });
    expect(await answer({ messages: [...messages, ...result], tools: TOOLS })).toMatchObject({
      choices: [{ finish_reason: 'stop', message: { content: SCRIPTS.say.text } }],
    });
  });

  it('goes on with a raw prompt from its marker, or from any of its pieces', async () => {
    expect(await answer({ prompt: SCRIPTS.say.marker }, '/v1/completions')).toMatchObject({
      choices: [{ text: SCRIPTS.say.text }],
    });
    expect(await answer({ prompt: 'n1 n2 n297' }, '/v1/completions')).toMatchObject({
      choices: [{ text: ' n298 n299 n300' }],
    });
  });

  it('closes what a schema opens', async () => {
    const schema = {
      type: 'object',
      properties: {
        count: { type: 'integer' },
        name: { type: 'string' },
        list: { type: 'array', items: { type: 'boolean' } },
      },
      required: ['count', 'name', 'list'],
      additionalProperties: false,
    };
    const chat = await stream('say', { response_format: { type: 'json_schema', json_schema: { schema } } });
    expect(chat.finishReason).toBe('stop');
    expect(JSON.parse(chat.text)).toEqual({
      count: expect.any(Number) as number,
      name: expect.any(String) as string,
      list: expect.any(Array) as unknown[],
    });
  });
});

describe('the other models in a real llama-server', () => {
  it('embeds equal texts equally and different ones differently', async () => {
    server = await startLlamaServer({
      model: await fixtureModel('embedding'),
      arguments: ['--embeddings', '--threads', '1'],
    });
    try {
      const input = ['hello world', 'hello world', 'the weather in paris'];
      const { data } = (await answer({ input }, '/v1/embeddings')) as { data: { embedding: number[] }[] };
      const [first, second, third] = data.map(({ embedding }) => embedding);
      expect(first).toHaveLength(EMBEDDING_DIMENSIONS);
      expect(first?.every((value, index) => Math.abs(value - (second?.[index] ?? 0)) < 1e-3)).toBe(true);
      expect(first?.some((value, index) => Math.abs(value - (third?.[index] ?? 0)) > 1e-2)).toBe(true);
    } finally {
      await server.stop();
    }
  });

  it('generates as many random tokens as were asked for', async () => {
    server = await startLlamaServer({
      model: await fixtureModel('random'),
      arguments: ['--threads', '2', '--ctx-size', '512', '--parallel', '1'],
    });
    try {
      const body = { messages: [{ role: 'user', content: 'Hello' }], max_tokens: 16, ignore_eos: true };
      expect(await answer(body)).toMatchObject({
        usage: { completion_tokens: 16 },
        choices: [{ finish_reason: 'length' }],
      });
    } finally {
      await server.stop();
    }
  });

  it('aborts on the corrupt model', async () => {
    await expect(startLlamaServer({ model: await fixtureModel('corrupt') })).rejects.toThrow(
      /ended (?:with SIGABRT|while it loaded)/,
    );
  });
});

describe('fixtureModel', () => {
  it('gives the same whole file to all who ask at the same time', async () => {
    const paths = await Promise.all([fixtureModel('embedding'), fixtureModel('embedding')]);
    expect(paths[0]).toBe(paths[1]);
    expect((await readFile(paths[0])).subarray(0, 4).toString('latin1')).toBe('GGUF');
  });
});
