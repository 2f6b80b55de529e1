import { writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { SCRIPTS, fixtureModel, makeTemporaryFolder, type TemporaryFolder } from '#testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, askForText, askStreaming } from '../__contract__/ask.js';
import { describeEngineContract } from '../__contract__/engine-contract.js';
import { EngineStartError, type EngineSession, type SessionSpec } from '../engine.js';
import { post } from './__support__/post.js';
import { EmbeddedLlamaEngine } from './embedded-llama-engine.js';
import { isObject } from './host/fields.js';
import { KEPT } from './host/json-schema/__support__/kept-schemas.js';
import { validatorOf } from './host/json-schema/__support__/validator.js';

const NEVER = new AbortController().signal;
const createEngine = () => new EmbeddedLlamaEngine({ environment: process.env, gpu: 'off' });

describeEngineContract('EmbeddedLlamaEngine', createEngine);

interface CallHolder {
  readonly tool_calls?: readonly {
    readonly index?: number;
    readonly function: { readonly name?: string; readonly arguments: string };
  }[];
}

/** Name and arguments of the calls in messages or deltas, whose pieces are joined. */
function callsIn(holders: readonly unknown[]): [string, unknown][] {
  const calls: [string, string][] = [];
  for (const { index, function: called } of holders.flatMap(
    (holder) => (holder as CallHolder | undefined)?.tool_calls ?? [],
  )) {
    const known = index === undefined ? undefined : calls[index];
    if (known === undefined) calls.push([called.name ?? '', called.arguments]);
    else known[1] += called.arguments;
  }
  return calls.map(([name, json]) => [name, JSON.parse(json) as unknown]);
}

describe('EmbeddedLlamaEngine', () => {
  const engine = createEngine();
  let folder: TemporaryFolder;
  let session: EngineSession;
  const printed: string[] = [];

  async function start(changes: Partial<SessionSpec> = {}): Promise<EngineSession> {
    const spec: SessionSpec = {
      servedName: 'ai/scripted',
      mode: 'completion',
      files: { format: 'gguf', weights: await fixtureModel('scripted') },
      contextSize: 4096,
      slots: 5,
      threads: 1,
      runDirectory: folder.path,
      log: (line) => void printed.push(line),
      ...changes,
    };
    return engine.start(spec, NEVER);
  }

  beforeAll(async () => {
    folder = await makeTemporaryFolder('emb');
    session = await start();
  });
  afterAll(async () => {
    await session.stop(2_000);
    await folder.remove();
  });

  it('tells the versions of the library and of the llama.cpp inside', async () => {
    const probe = await engine.probe();
    expect(probe.version).toMatch(/^node-llama-cpp \d+\.\d+\.\d+, llama\.cpp \S+$/);
    expect(probe).toMatchObject({ formats: ['gguf'], modes: ['completion', 'embedding', 'reranking'] });
  });

  it.each(['say', 'json', 'count'] as const)('says the script %s to its end', async (name) => {
    const { prompt, pieces } = SCRIPTS[name];
    expect(await askForText(session, { prompt })).toBe(pieces.join(''));
  });

  it.each(['tool', 'tools2'] as const)(
    'reads the tool calls of the script %s, whole and streamed',
    async (name) => {
      const names = [...new Set(SCRIPTS[name].calls.map((call) => call.name))];
      const tools = names.map((tool) => ({ type: 'function', function: { name: tool, parameters: {} } }));
      const wanted = SCRIPTS[name].calls.map((call) => [call.name, call.arguments]);
      const answer = await ask(session, { prompt: SCRIPTS[name].prompt, more: { tools } });
      expect(answer.choices[0]?.finish_reason).toBe('tool_calls');
      expect(answer.choices[0]?.message.content).toBe('');
      expect(callsIn([answer.choices[0]?.message])).toEqual(wanted);
      const deltas: unknown[] = [];
      for await (const chunk of askStreaming(session, { prompt: SCRIPTS[name].prompt, more: { tools } }))
        deltas.push(chunk.choices?.[0]?.delta);
      expect(callsIn(deltas)).toEqual(wanted);
    },
  );

  it('tells reasoning from the answer, unless it shall stay in the text', async () => {
    const { prompt, text, reasoning, pieces } = SCRIPTS.think;
    const answer = await ask(session, { prompt });
    expect(answer.choices[0]?.message).toEqual({
      role: 'assistant',
      content: text,
      reasoning_content: reasoning,
    });
    expect(await askForText(session, { prompt })).toBe(text);
    const whole = await askForText(session, { prompt, more: { reasoning_format: 'none' } });
    expect(whole).toBe(pieces.join(''));
  });

  it('leaves tool calls in the text when no tools were offered', async () => {
    const { prompt, pieces } = SCRIPTS.tool;
    expect(await askForText(session, { prompt })).toBe(pieces.join(''));
  });

  it('continues a raw prompt with its special tokens recognised, streamed and whole', async () => {
    const { marker, text } = SCRIPTS.say;
    const { answer } = await post(session, '/v1/completions', {
      prompt: marker,
      temperature: 0,
    });
    expect(answer.choices).toEqual([{ text, index: 0, logprobs: null, finish_reason: 'stop' }]);
  });

  it('goes on from the beginning of an answer that the caller gives', async () => {
    const messages = [
      { role: 'user', content: SCRIPTS.say.prompt },
      { role: 'assistant', content: SCRIPTS.say.pieces.slice(0, 2).join('') },
    ];
    const answer = await ask(session, { prompt: '', more: { messages } });
    expect(answer.choices[0]?.message.content).toBe(SCRIPTS.say.text);
  });

  it('uses the template of a file instead of the one in the model', async () => {
    const chatTemplate = `${folder.path}/template.jinja`;
    await writeFile(chatTemplate, SCRIPTS.json.marker);
    const weights = await fixtureModel('scripted');
    const other = await start({ files: { format: 'gguf', weights, chatTemplate } });
    expect(await askForText(other, { prompt: SCRIPTS.say.prompt })).toBe(SCRIPTS.json.text);
    await other.stop(1_000);
  });

  it('computes a prompt only once when the same one follows', async () => {
    const more = { messages: [{ role: 'user', content: 'Once upon a time, and then again.' }] };
    await ask(session, { prompt: '', more });
    const { usage } = await ask(session, { prompt: '', more });
    const { prompt_tokens: prompt } = usage;
    expect(usage).toMatchObject({ prompt_tokens_details: { cached_tokens: prompt - 1 } });
    const fresh = await ask(session, { prompt: '', more: { ...more, cache_prompt: false } });
    expect(fresh.usage).toMatchObject({ prompt_tokens_details: { cached_tokens: 0 } });
  });

  it('fills the context to its last token and says that it ended there', async () => {
    const small = await start({ contextSize: 512, slots: 1 });
    const answer = await ask(small, { prompt: SCRIPTS.loop.prompt });
    expect(answer.usage.total_tokens).toBe(512);
    expect(answer.choices[0]?.finish_reason).toBe('length');
    expect(answer.choices[0]?.message.content).toBe(SCRIPTS.loop.textOf(answer.usage.completion_tokens));
    await small.stop(1_000);
  });

  it('answers as its flags say where the request does not', async () => {
    const brief = await start({ slots: 1, settings: { flags: ['--temp', '0', '-n', '3'] } });
    const tokens = async (more: Record<string, unknown> = {}): Promise<number> =>
      (await ask(brief, { prompt: SCRIPTS.loop.prompt, more })).usage.completion_tokens;
    expect(await tokens()).toBe(3);
    expect(await tokens({ max_tokens: 5 })).toBe(5);
    await brief.stop(1_000);
  });

  it('refuses a prompt that does not fit, with the counts', async () => {
    const messages = [{ role: 'user', content: 'many words '.repeat(5_000) }];
    const { status, answer } = await post(session, '/v1/chat/completions', { messages });
    expect(status).toBe(400);
    expect(answer.error).toMatchObject({ type: 'exceed_context_size_error', n_ctx: 4096 });
    expect(answer.error?.message).toMatch(/request \(\d+ tokens\) exceeds .* \(4096 tokens\)/);
  });

  it('computes a prompt of many batches and answers what it asks', async () => {
    const messages = [{ role: 'user', content: `${'word '.repeat(900)} !json` }];
    const answer = await ask(session, { prompt: '', more: { messages } });
    expect(answer.usage.prompt_tokens).toBeGreaterThan(1024);
    expect(answer.choices[0]?.message.content).toBe(SCRIPTS.json.text);
  });

  it('binds an answer to a JSON object and to a grammar', async () => {
    const json = await ask(session, {
      prompt: SCRIPTS.say.prompt,
      more: { response_format: { type: 'json_object' }, max_tokens: 200 },
    });
    expect(JSON.parse(json.choices[0]?.message.content ?? '')).toBeTypeOf('object');
    const bound = await ask(session, { prompt: SCRIPTS.say.prompt, more: { grammar: 'root ::= "yes"' } });
    expect(bound.choices[0]?.message.content).toBe('yes');
  });

  it('keeps to every schema that it takes', async () => {
    const say = async ([name, schema]: [string, unknown]) => {
      const body = { prompt: 'x', json_schema: schema, max_tokens: 100, temperature: 0 };
      const { status, answer } = await post(session, '/v1/completions', body);
      const [choice] = answer.choices ?? [];
      const ended = choice?.finish_reason === 'stop';
      const kept = status === 200 && (!ended || validatorOf(schema)(JSON.parse(choice.text ?? '')));
      return { name, status, ended, kept };
    };
    const said = await Promise.all(
      Object.entries(KEPT)
        .filter(([, schema]) => isObject(schema))
        .map(say),
    );
    expect(said.filter(({ kept }) => !kept)).toEqual([]);
    expect(said.filter(({ ended }) => ended).length).toBeGreaterThan(said.length / 2);
  });

  it.each(['required', { type: 'function', function: { name: 'get_weather' } }])(
    'calls a tool when that is demanded with %j, of a model that would not',
    async (choice) => {
      const parameters = {
        type: 'object',
        properties: { days: { type: 'integer', minimum: 1, maximum: 9 } },
        required: ['days'],
      };
      const tools = [{ type: 'function', function: { name: 'get_weather', parameters } }];
      const more = { tools, tool_choice: choice, parallel_tool_calls: false, max_tokens: 200 };
      const answer = await ask(session, { prompt: SCRIPTS.say.prompt, more });
      expect(answer.choices[0]?.finish_reason).toBe('tool_calls');
      const [call, ...none] = callsIn([answer.choices[0]?.message]);
      expect(none).toEqual([]);
      expect(call?.[0]).toBe('get_weather');
      expect(validatorOf(parameters)(call?.[1])).toBe(true);
    },
  );

  it('answers several times with seeds of their own, and counts all tokens', async () => {
    // One slot computes each in the same way: faces that are equally probable stand in the same order.
    const one = await start({ slots: 1 });
    const roll = (more: object) =>
      ask(one, { prompt: SCRIPTS.dice.prompt, more: { temperature: 1, cache_prompt: false, ...more } });
    const alone = [await roll({ seed: 5 }), await roll({ seed: 6 }), await roll({ seed: 7 })];
    const faces = alone.map((answer) => answer.choices[0]?.message.content);
    const more = { n: 3, temperature: 1, seed: 5, cache_prompt: false };
    const together = await roll({ n: 3, seed: 5 });
    expect(together.choices.map((choice) => choice.message.content)).toEqual(faces);
    expect(together.usage).toMatchObject({
      prompt_tokens: alone[0]?.usage.prompt_tokens,
      completion_tokens: 6,
    });
    const texts = ['', '', ''];
    let usages = 0;
    const streamed = { ...more, stream_options: { include_usage: true } };
    for await (const chunk of askStreaming(one, { prompt: SCRIPTS.dice.prompt, more: streamed })) {
      for (const choice of chunk.choices ?? [])
        texts[(choice as { index?: number }).index ?? 0] += choice.delta?.content ?? '';
      if (chunk.usage) usages += 1;
    }
    expect(texts).toEqual(faces);
    expect(usages).toBe(1);
    await one.stop(1_000);
  });

  it('says that memory is short when it is', async () => {
    const failure = await start({ slots: 200_000, contextSize: 4096 }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(EngineStartError);
    expect(failure).toMatchObject({ outOfMemory: true });
  });

  it('never says a token that logit_bias bars', async () => {
    const more = { logit_bias: [[SCRIPTS.say.pieces[1], false]], max_tokens: 3 };
    const answer = await ask(session, { prompt: SCRIPTS.say.prompt, more });
    expect(answer.choices[0]?.message.content).toMatch(/^Hello/);
    expect(answer.choices[0]?.message.content).not.toContain(SCRIPTS.say.pieces[1]);
  });

  it.each([
    [
      '/v1/chat/completions',
      { messages: [{ role: 'user', content: 'x' }], mirostat: 2 },
      "does not support 'mirostat': 2",
    ],
    [
      '/v1/chat/completions',
      { messages: [{ role: 'user', content: 'x' }], json_schema: { multipleOf: 3 } },
      "'multipleOf' at #",
    ],
    [
      '/v1/chat/completions',
      { messages: [{ role: 'user', content: 'x' }], grammar: 'root ::= (' },
      'not valid GBNF',
    ],
    [
      '/v1/chat/completions',
      { messages: [{ role: 'user', content: 'x' }], logit_bias: { 99999: 1 } },
      'no token 99999',
    ],
    ['/v1/completions', { prompt: [99_999] }, 'no token 99999'],
    ['/v1/completions', { prompt: '' }, 'The prompt is empty.'],
    ['/v1/completions', '{"prompt":', 'The body is not JSON'],
    ['/v1/completions', '[]', 'The body must be a JSON object.'],
  ])('refuses %s %j with 400 and a sentence, and goes on', async (route, body, sentence) => {
    const { status, answer } = await post(session, route, body);
    expect(status).toBe(400);
    expect(answer.error).toMatchObject({ code: 400, type: 'invalid_request_error' });
    expect(answer.error?.message).toContain(sentence);
    expect(await askForText(session, { prompt: SCRIPTS.say.prompt })).toBe(SCRIPTS.say.text);
  });

  it('answers 404 for a path it does not have and 501 for what this session was not loaded for', async () => {
    expect((await post(session, '/v1/poems', {})).answer.error).toMatchObject({ code: 404 });
    expect((await post(session, '/v1/embeddings', { input: 'a' })).answer.error).toMatchObject({
      code: 501,
    });
  });

  it('serves a late request on a used sequence while four streams run', async () => {
    // Every sequence has a history that the next request must erase.
    const warmUp = (index: number) => askForText(session, { prompt: `${'x'.repeat(60 + index)} !say` });
    await Promise.all(Array.from({ length: session.slots }, (_, index) => warmUp(index)));
    const client = new AbortController();
    const running = Array.from({ length: session.slots - 1 }, () =>
      askStreaming(session, {
        prompt: SCRIPTS.loop.prompt,
        signal: client.signal,
        more: { max_tokens: 4_000 },
      }),
    );
    const ended: number[] = [];
    await Promise.all(running.map((stream) => stream.next()));
    const drained = running.map(async (stream, index) => {
      for await (const chunk of stream) void chunk;
      ended.push(index);
    });
    const settled = Promise.allSettled(drained);
    expect(await askForText(session, { prompt: SCRIPTS.json.prompt })).toBe(SCRIPTS.json.text);
    expect(ended).toEqual([]);
    client.abort(new Error('enough'));
    await settled;
  });

  it('knows the sequence ids that its batches are ordered by', async () => {
    await Promise.all(
      Array.from({ length: session.slots }, () => askForText(session, { prompt: SCRIPTS.count.prompt })),
    );
    expect(printed.filter((line) => line.startsWith('warn: this version'))).toEqual([]);
  });

  it('frees the slots of streams whose clients hang up, so that as many new ones run at once', async () => {
    const hangUp = async () => {
      const client = new AbortController();
      const stream = askStreaming(session, {
        prompt: SCRIPTS.loop.prompt,
        signal: client.signal,
        more: { max_tokens: 4_000 },
      });
      await stream.next();
      client.abort(new Error('gone'));
      await stream.next().catch(() => undefined);
    };
    await Promise.all(Array.from({ length: session.slots }, hangUp));
    const order: string[] = [];
    const run = async () => {
      const stream = askStreaming(session, { prompt: SCRIPTS.loop.prompt, more: { max_tokens: 300 } });
      await stream.next();
      order.push('begun');
      for await (const chunk of stream) void chunk;
      order.push('ended');
    };
    await Promise.all(Array.from({ length: session.slots }, run));
    expect(order.slice(0, session.slots)).not.toContain('ended');
  });

  it('lets a request beyond the slots wait its turn, and forgets it when its client hangs up', async () => {
    const one = await start({ slots: 1 });
    const holder = askStreaming(one, { prompt: SCRIPTS.loop.prompt, more: { max_tokens: 400 } });
    await holder.next();
    const leaver = new AbortController();
    const left = askForText(one, { prompt: SCRIPTS.loop.prompt, signal: leaver.signal });
    const waiting = askForText(one, { prompt: SCRIPTS.say.prompt });
    await delay(20);
    leaver.abort(new Error('gone'));
    await expect(left).rejects.toThrow('gone');
    let pieces = 0;
    for await (const chunk of holder) pieces += chunk.choices?.[0]?.delta?.content ? 1 : 0;
    expect(pieces).toBeGreaterThan(300);
    expect(await waiting).toBe(SCRIPTS.say.text);
    await one.stop(1_000);
  });
});
