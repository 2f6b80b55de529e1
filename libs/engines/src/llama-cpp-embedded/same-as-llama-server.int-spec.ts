import {
  EMBEDDING_DIMENSIONS,
  SCRIPTS,
  fixtureModel,
  makeTemporaryFolder,
  parseSse,
  type FixtureModel,
  type TemporaryFolder,
} from '#testing';
import type { Mode } from '#contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { assembleAnswer } from '../__contract__/assemble-answer.js';
import { installedLlamaServer } from '../__contract__/installed-llama-server.js';
import { callEngine } from '../engine-client.js';
import type { Engine, EngineSession } from '../engine.js';
import { LlamaServerEngine } from '../llama-cpp/index.js';
import { EmbeddedLlamaEngine } from './embedded-llama-engine.js';

/** Members that differ from answer to answer, tell who computed it, or depend on what other caches there are. */
const VOLATILE = new Set(['id', 'created', 'system_fingerprint', 'timings', 'cached_tokens']);

const says = (content: string) => ({ messages: [{ role: 'user', content }], temperature: 0 });
const tools = ['get_weather', 'get_time'].map((name) => ({
  type: 'function',
  function: { name, description: '', parameters: { type: 'object', properties: {} } },
}));
/** The same tools with the arguments that the scripts give; llama-server keeps to them. */
const described = [
  ['get_weather', 'city'],
  ['get_time', 'zone'],
].map(([name, member = '']) => ({
  type: 'function',
  function: {
    name,
    description: '',
    parameters: { type: 'object', properties: { [member]: { type: 'string' } }, required: [member] },
  },
}));
const format = (schema: object) => ({ type: 'json_schema', json_schema: { name: 'x', schema } });
const BOUNDED = {
  type: 'object',
  properties: { a: { type: 'integer', minimum: 3, maximum: 20 }, b: { enum: ['red', 'blue'] } },
  required: ['a', 'b'],
};
const CHOICES = {
  type: 'array',
  items: { anyOf: [{ type: 'boolean' }, { type: 'string', maxLength: 3 }] },
  minItems: 2,
  maxItems: 3,
};

describe('the embedded host beside llama-server', () => {
  const environment = process.env;
  let folder: TemporaryFolder;
  let sessions: readonly EngineSession[];
  let embedders: readonly EngineSession[];
  let rankers: readonly EngineSession[];

  beforeAll(async () => {
    folder = await makeTemporaryFolder('par');
    const engines = [
      new EmbeddedLlamaEngine({ environment, gpu: 'off' }),
      new LlamaServerEngine({ environment, binary: installedLlamaServer() }),
    ];
    const load = (mode: Mode, model: FixtureModel) =>
      Promise.all(engines.map((engine) => start(engine, mode, model)));
    sessions = await load('completion', 'scripted');
    embedders = await load('embedding', 'embedding');
    rankers = await load('reranking', 'reranker');
  });
  afterAll(async () => {
    await Promise.all([...sessions, ...embedders, ...rankers].map((session) => session.stop(1_000)));
    await folder.remove();
  });

  async function start(engine: Engine, mode: Mode, model: FixtureModel) {
    const spec = {
      modelId: `sha256:${'a'.repeat(64)}`,
      servedName: 'ai/model',
      mode,
      files: { format: 'gguf', weights: await fixtureModel(model) },
      contextSize: 512,
      slots: 1,
      threads: 1,
      runDirectory: folder.path,
      log: () => undefined,
    } as const;
    return engine.start(spec, new AbortController().signal);
  }

  /** Both answers, ours first. */
  async function both(route: string, body: object, from = sessions) {
    return Promise.all(
      from.map(async (session) => {
        const { signal } = new AbortController();
        const { status, body: answer } = await callEngine(session.endpoint, {
          route,
          body: JSON.stringify(body),
          signal,
        });
        return { status, text: (await answer.setEncoding('utf8').toArray()).join('') };
      }),
    );
  }

  it.each([
    ['a greedy answer', '/v1/chat/completions', says(SCRIPTS.say.prompt)],
    ['reasoning', '/v1/chat/completions', says(SCRIPTS.think.prompt)],
    [
      'reasoning in the text',
      '/v1/chat/completions',
      { ...says(SCRIPTS.think.prompt), reasoning_format: 'none' },
    ],
    ['a long answer', '/v1/chat/completions', says(SCRIPTS.count.prompt)],
    ['an answer that fills the context', '/v1/chat/completions', says(SCRIPTS.loop.prompt)],
    ['a token limit', '/v1/chat/completions', { ...says(SCRIPTS.loop.prompt), max_tokens: 7 }],
    ['a token limit of 0', '/v1/chat/completions', { ...says(SCRIPTS.loop.prompt), max_tokens: 0 }],
    ['a stop string across tokens', '/v1/chat/completions', { ...says(SCRIPTS.say.prompt), stop: '! I' }],
    ['a JSON object', '/v1/chat/completions', { ...says('x'), response_format: { type: 'json_object' } }],
    [
      'a past tool call',
      '/v1/chat/completions',
      {
        ...says('x'),
        tools,
        messages: [
          { role: 'system', content: 'Be kind.' },
          {
            role: 'user',
            content: [
              { type: 'text', text: 'a' },
              { type: 'text', text: 'b' },
            ],
          },
          {
            role: 'assistant',
            content: null,
            tool_calls: [
              { id: 'c', type: 'function', function: { name: 'get_time', arguments: '{"zone": "CET"}' } },
            ],
          },
          { role: 'tool', tool_call_id: 'c', content: 'noon' },
        ],
      },
    ],
    ['a schema', '/v1/chat/completions', { ...says('x'), response_format: format(BOUNDED) }],
    ['a schema with choices', '/v1/chat/completions', { ...says('x'), response_format: format(CHOICES) }],
    [
      'a schema behind reasoning',
      '/v1/chat/completions',
      { ...says(SCRIPTS.think.prompt), json_schema: BOUNDED },
    ],
    [
      'a schema that the model keeps by itself',
      '/v1/chat/completions',
      { ...says(SCRIPTS.json.prompt), json_schema: { type: 'object' } },
    ],
    ['a tool call', '/v1/chat/completions', { ...says(SCRIPTS.tool.prompt), tools: described }],
    ['several tool calls', '/v1/chat/completions', { ...says(SCRIPTS.tools2.prompt), tools: described }],
    [
      'a demanded tool call',
      '/v1/chat/completions',
      { ...says(SCRIPTS.tool.prompt), tools: described, tool_choice: 'required' },
    ],
    ['logprobs', '/v1/chat/completions', { ...says(SCRIPTS.say.prompt), logprobs: true, top_logprobs: 2 }],
    [
      'logprobs of drawn tokens',
      '/v1/chat/completions',
      { ...says(SCRIPTS.say.prompt), temperature: 0.7, seed: 3, logprobs: true, top_logprobs: 1 },
    ],
    [
      'logprobs behind a grammar',
      '/v1/chat/completions',
      { ...says('x'), grammar: 'root ::= "{"', logprobs: true, top_logprobs: 1 },
    ],
    [
      'logprobs of a raw prompt',
      '/v1/completions',
      { prompt: SCRIPTS.say.marker, temperature: 0, logprobs: 2 },
    ],
    ['a raw prompt', '/v1/completions', { prompt: SCRIPTS.say.marker, temperature: 0 }],
    ['a prompt of tokens', '/v1/completions', { prompt: [5, 6, 7], temperature: 0, max_tokens: 4 }],
  ])('gives the same object for %s', async (_, route, body) => {
    const [ours, theirs] = await both(route, body);
    expect(ours?.status).toBe(theirs?.status);
    expect(stable(ours?.text)).toEqual(stable(theirs?.text));
  });

  it.each([
    ['a text', says(SCRIPTS.say.prompt)],
    ['tools', { ...says(SCRIPTS.tool.prompt), tools: described }],
    ['a conversation', { messages: [{ role: 'system', content: 'x' }, ...says('Grüße 👋').messages] }],
    ['a prompt that does not fit', says('many words '.repeat(2_000))],
    ['no messages', {}],
  ])('counts the same tokens of %s', async (_, body) => {
    const [ours, theirs] = await both('/v1/chat/completions/input_tokens', body);
    expect(ours?.status).toBe(theirs?.status);
    const countOf = (text = '') => (JSON.parse(text) as { input_tokens?: number }).input_tokens;
    expect(countOf(ours?.text)).toBe(countOf(theirs?.text));
  });

  it('goes on with an answer that the caller began, without its beginning where that is wanted', async () => {
    const [first = '', ...rest] = SCRIPTS.say.pieces;
    const messages = [...says(SCRIPTS.say.prompt).messages, { role: 'assistant', content: first }];
    const wish = { continue_final_message: true, add_generation_prompt: false };
    for (const [more, expected] of [
      [{}, SCRIPTS.say.text],
      [wish, rest.join('')],
    ] as const) {
      const answers = await both('/v1/chat/completions', {
        messages,
        temperature: 0,
        stream: true,
        ...more,
      });
      const said = answers.map(({ text }) => text.matchAll(/"content":"([^"]*)"/g));
      expect(said.map((pieces) => [...pieces].map(([, piece]) => piece).join(''))).toEqual([
        expected,
        expected,
      ]);
    }
  });

  it.each([
    ['a stop string', { stop: ['zz', ' I am'] }],
    ['its end', { stop: ['zz'] }],
    ['its limit', { stop: ['zz'], max_tokens: 2 }],
  ])('says that %s ended a stream, where that is asked for', async (_, members) => {
    const body = { ...says(SCRIPTS.say.prompt), ...members, stream: true, verbose: true };
    const ends = (await both('/v1/chat/completions', body)).map(({ text }) => {
      const report = /"__verbose":.*"stop_type":"(\w+)","stopping_word":"([^"]*)"/.exec(text);
      return report?.slice(1);
    });
    expect(ends[0]).toHaveLength(2);
    expect(ends[0]).toEqual(ends[1]);
  });

  it.each([1, 2, 3, 4, 5, 6])('draws the same with seed %i', async (seed) => {
    const [ours, theirs] = await both('/v1/chat/completions', {
      ...says(SCRIPTS.dice.prompt),
      temperature: 1,
      seed,
    });
    expect(stable(ours?.text)).toEqual(stable(theirs?.text));
  });

  it.each([
    ['/v1/chat/completions', { ...says(SCRIPTS.say.prompt), stream_options: { include_usage: true } }],
    ['/v1/chat/completions', { ...says(SCRIPTS.think.prompt), stream_options: { include_usage: true } }],
    ['/v1/chat/completions', says(SCRIPTS.say.prompt)],
    ['/v1/completions', { prompt: SCRIPTS.say.marker, temperature: 0 }],
    ['/v1/chat/completions', { ...says(SCRIPTS.say.prompt), logprobs: true, top_logprobs: 1 }],
    ['/v1/completions', { prompt: SCRIPTS.say.marker, temperature: 0, logprobs: 1 }],
  ])('streams the same events from %s for %j', async (route, body) => {
    const [ours, theirs] = await both(route, { ...body, stream: true });
    const events = (text = '') => text.trimEnd().split('\n\n');
    expect(events(ours?.text).at(-1)).toBe('data: [DONE]');
    const chunks = (text?: string) =>
      events(text)
        .slice(0, -1)
        // llama-server also sends a piece without text for the token that ends a raw completion.
        .filter((event) => !event.includes('"text":"","index":0,"logprobs":null,"finish_reason":null'))
        .map((event) => stable(event.slice('data: '.length)));
    expect(chunks(ours?.text)).toEqual(chunks(theirs?.text));
  });

  it.each([
    ['/v1/chat/completions', {}],
    ['/v1/chat/completions', { messages: 'x' }],
    ['/v1/chat/completions', says('many words '.repeat(2_000))],
    ['/v1/completions', {}],
    ['/v1/embeddings', { input: 'x' }],
    ['/v1/poems', {}],
  ])('refuses %s %j with the same status and type', async (route, body) => {
    const [ours, theirs] = await both(route, body);
    const kind = (text = '') => {
      const { error } = JSON.parse(text) as {
        error: { code: number; type: string; n_prompt_tokens?: number };
      };
      return [error.code, error.type, error.n_prompt_tokens];
    };
    expect(kind(ours?.text)).toEqual(kind(theirs?.text));
  });

  it.each([
    ['a text', says(SCRIPTS.say.prompt)],
    ['reasoning', says(SCRIPTS.think.prompt)],
  ])('goes on with %s that the other engine began, and the other way round', async (_, body) => {
    const request = { ...body, stream: true, stream_options: { include_usage: true } };
    const { signal } = new AbortController();
    const call = { route: '/v1/chat/completions', body: JSON.stringify(request), signal };
    const read = async (answer: ReturnType<EngineSession['call']>) =>
      (await (await answer).body.setEncoding('utf8').toArray()).join('');
    for (const [from, to] of [sessions, sessions.toReversed()] as const) {
      if (from === undefined || to === undefined) throw new Error('There are two sessions.');
      const events = (await read(from.call(call))).split(/(?<=\n\n)/);
      const whole = assembleAnswer(parseSse(Buffer.from(events.join(''))));
      for (const cut of [1, 2, 3, 4, events.length - 1]) {
        const delivered = events.slice(0, cut).join('');
        const rest = await read(to.resume(call, Buffer.from(delivered)));
        expect(assembleAnswer(parseSse(Buffer.from(delivered + rest))), `cut after event ${cut}`).toEqual(
          whole,
        );
      }
    }
  });

  it('ranks with the same scores and counts the same tokens', async () => {
    const documents = ['hello world', 'x', 'hello hello hello'];
    const [ours, theirs] = await both('/v1/rerank', { query: 'hello', documents, top_n: 2 }, rankers);
    const read = (text = '') =>
      JSON.parse(text) as { usage: object; results: { index: number; relevance_score: number }[] };
    const [mine, other] = [read(ours?.text), read(theirs?.text)];
    expect(mine.usage).toEqual(other.usage);
    expect(mine.results.map((result) => result.index)).toEqual(other.results.map((result) => result.index));
    expect(other.results).toHaveLength(2);
    for (const [place, result] of other.results.entries())
      expect(mine.results[place]?.relevance_score).toBeCloseTo(result.relevance_score, 3);
  });

  it.each([
    ['/tokenize', { content: `hi ${SCRIPTS.dice.marker} \u00e9` }],
    ['/tokenize', { content: 'hi there', with_pieces: true }],
    ['/detokenize', { tokens: [40, 41, 42] }],
    ['/apply-template', says(SCRIPTS.say.prompt)],
  ])('answers %s %j the same', async (route, body) => {
    const [ours, theirs] = await both(route, body);
    expect(stable(ours?.text)).toEqual(stable(theirs?.text));
  });

  it('embeds to the same vectors and counts the same tokens', async () => {
    const [ours, theirs] = await both('/v1/embeddings', { input: ['hello world', 'x'] }, embedders);
    const read = (text = '') =>
      JSON.parse(text) as { usage: object; model: string; data: { embedding: number[] }[] };
    const [mine, other] = [read(ours?.text), read(theirs?.text)];
    expect(mine.usage).toEqual(other.usage);
    expect(mine.model).toBe(other.model);
    expect(other.data.map(({ embedding }) => embedding.length)).toEqual([
      EMBEDDING_DIMENSIONS,
      EMBEDDING_DIMENSIONS,
    ]);
    for (const [index, { embedding }] of other.data.entries())
      for (const [place, value] of embedding.entries())
        expect(mine.data[index]?.embedding[place]).toBeCloseTo(value, 4);
  });
});

/** Floats of two builds of llama.cpp differ in their last digits. */
function stable(text = 'null'): unknown {
  return JSON.parse(text, (key, value: unknown) => {
    if (key === 'logprob') return Math.round(Number(value) * 100) / 100;
    return VOLATILE.has(key) ? undefined : value;
  });
}
