import { fixtureModel, makeTemporaryFolder, SCRIPTS, type TemporaryFolder } from '#testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { callEngine } from '../engine-client.js';
import type { EngineSession } from '../engine.js';
import { callLlamaServer } from './call-llama-server.js';
import { installedLlamaServer } from '../__contract__/installed-llama-server.js';
import { LlamaServerEngine } from './llama-server-engine.js';

const { signal } = new AbortController();

let folder: TemporaryFolder;
let session: EngineSession;
let stop = async (): Promise<void> => undefined;

beforeAll(async () => {
  folder = await makeTemporaryFolder('call');
  const engine = new LlamaServerEngine({ binary: installedLlamaServer(), environment: process.env });
  session = await engine.start(
    {
      servedName: 'ai/scripted',
      mode: 'completion',
      files: { format: 'gguf', weights: await fixtureModel('scripted') },
      contextSize: 1024,
      slots: 2,
      threads: 1,
      runDirectory: folder.path,
      log: () => undefined,
    },
    signal,
  );
  stop = () => session.stop(1_000);
});

afterAll(async () => {
  await stop();
  await folder.remove();
});

type Asker = typeof callEngine;

/** Status and answer, without what differs from one call to the next. */
async function answerOf(asker: Asker, route: string, body: object) {
  const response = await asker(session.endpoint, { route, body: JSON.stringify(body), signal });
  const text = (await response.body.setEncoding('utf8').toArray()).join('');
  const type = response.headers['content-type'];
  return { status: response.status, type, text: text.replaceAll(/,?"timings":\{[^}]*\}/g, '') };
}

async function json(asker: Asker, route: string, body: object) {
  const { status, type, text } = await answerOf(asker, route, body);
  const { id, created, usage, choices, ...rest } = JSON.parse(text) as Record<string, unknown>;
  const anonymous = JSON.stringify(choices)?.replaceAll(/"id":"[^"]*"/g, '"id":"…"');
  return {
    status,
    type,
    rest,
    idKind: typeof id,
    createdKind: typeof created,
    usage: usage && { ...usage, prompt_tokens_details: undefined },
    choices: anonymous === undefined ? undefined : (JSON.parse(anonymous) as unknown),
  };
}

const tool = (name: string) => ({ type: 'function', function: { name, parameters: { type: 'object' } } });
const chat = (prompt: string, more: object = {}) => ({
  messages: [{ role: 'user', content: prompt }],
  temperature: 0,
  cache_prompt: false,
  ...more,
});

describe('callLlamaServer', () => {
  it.each([
    ['a text', chat(SCRIPTS.say.prompt)],
    ['a text that was cut', chat(SCRIPTS.loop.prompt, { max_tokens: 9 })],
    ['reasoning', chat(SCRIPTS.think.prompt)],
    ['a tool call', chat(SCRIPTS.tool.prompt, { tools: [tool('get_weather')] })],
    ['two tool calls', chat(SCRIPTS.tools2.prompt, { tools: [tool('get_weather'), tool('get_time')] })],
    ['log probabilities', chat(SCRIPTS.say.prompt, { logprobs: true, top_logprobs: 2, max_tokens: 4 })],
    ['a bad parameter', chat(SCRIPTS.say.prompt, { temperature: 'hot' })],
    ['a prompt that is too long', chat('word '.repeat(3_000))],
  ])('gives %s as llama-server does without streaming', async (_, body) => {
    const route = '/v1/chat/completions';
    expect(await json(callLlamaServer, route, body)).toEqual(await json(callEngine, route, body));
  });

  it.each([
    ['a completion', { prompt: SCRIPTS.say.marker, temperature: 0 }],
    ['log probabilities', { prompt: SCRIPTS.say.marker, temperature: 0, logprobs: 1 }],
  ])('gives %s of raw text as llama-server does without streaming', async (_, body) => {
    const route = '/v1/completions';
    expect(await json(callLlamaServer, route, body)).toEqual(await json(callEngine, route, body));
  });

  it.each([
    ['two choices', '/v1/chat/completions', chat(SCRIPTS.say.prompt, { n: 2 }), { prompts: 1 }],
    [
      'two prompts',
      '/v1/completions',
      { prompt: [SCRIPTS.say.marker, SCRIPTS.say.marker], temperature: 0 },
      { prompts: 2 },
    ],
  ])('counts the tokens of %s together, streamed or not', async (_, route, body, { prompts }) => {
    const alone = await json(callEngine, route, {
      ...body,
      n: 1,
      ...(prompts === 2 && { prompt: SCRIPTS.say.marker }),
    });
    const both = await json(callEngine, route, body);
    const { prompt_tokens: prompt = 0, completion_tokens: completion = 0 } = alone.usage as Record<
      string,
      number
    >;
    const expected = { prompt_tokens: prompts * prompt, completion_tokens: 2 * completion };
    const summed = await json(callLlamaServer, route, body);
    expect(summed).toEqual({ ...both, usage: expect.objectContaining(expected) as unknown });
    const streaming = { ...body, stream: true, stream_options: { include_usage: true } };
    const { text } = await answerOf(callLlamaServer, route, streaming);
    const usages = [...text.matchAll(/"usage":(\{.*?\}\})/g)].map(
      ([, usage = '{}']) => JSON.parse(usage) as object,
    );
    expect(usages.at(-1)).toMatchObject(expected);
    expect(text).not.toContain('prompt_progress');
    expect(text.match(/data: \[DONE\]/g)).toHaveLength(1);
  });

  it('streams the bytes that llama-server streams', async () => {
    const body = chat(SCRIPTS.say.prompt, { stream: true });
    const events = async (asker: Asker) => {
      const { text } = await answerOf(asker, '/v1/chat/completions', body);
      return text.replaceAll(/"id":"[^"]*"|"created":\d+/g, '…');
    };
    expect(await events(callLlamaServer)).toBe(await events(callEngine));
  });

  it.each([
    ['a message', { messages: [{ role: 5, content: 'x' }] }],
    ['a part of a message', { messages: [{ role: 'user', content: [{ type: 'text' }] }] }],
    ['a tool', { ...chat('x'), tools: [{ type: 'function' }] }],
  ])('refuses %s that is none, which llama-server calls a failure of its own', async (_, body) => {
    const theirs = await answerOf(callEngine, '/v1/chat/completions', body);
    expect(theirs.status).toBe(500);
    const ours = await answerOf(callLlamaServer, '/v1/chat/completions', body);
    expect(ours.status).toBe(400);
    expect(JSON.parse(ours.text)).toMatchObject({ error: { type: 'invalid_request_error' } });
  });

  it('refuses an image for a model without a projector, which llama-server calls a failure of its own', async () => {
    const image = { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } };
    const body = { messages: [{ role: 'user', content: [{ type: 'text', text: 'What is it?' }, image] }] };
    const theirs = await answerOf(callEngine, '/v1/chat/completions', body);
    expect(theirs.status).toBe(500);
    const ours = await answerOf((_, call) => session.call(call), '/v1/chat/completions', body);
    expect(ours.status).toBe(400);
    expect(JSON.parse(ours.text)).toMatchObject({
      error: { message: expect.stringContaining('takes text only') as string },
    });
  });
});
