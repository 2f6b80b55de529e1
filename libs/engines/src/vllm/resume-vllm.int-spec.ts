import { createServer, type IncomingMessage, type Server } from 'node:http';
import { text } from 'node:stream/consumers';
import { join } from 'node:path';
import { makeTemporaryFolder, type TemporaryFolder } from '#testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CannotContinue } from '../going-on/cannot-continue.js';
import { resumeVllm } from './resume-vllm.js';

const NEVER = new AbortController().signal;
const CHAT = '/v1/chat/completions';
const messages = [{ role: 'user', content: 'Hi' }];

let folder: TemporaryFolder;
let socketPath: string;
let server: Server;
let asked: { url: string; body: Record<string, unknown> }[];
/** Tokens by the text they stand for; a chat is `[1, 2]`. */
let spoken: string;

beforeEach(async () => {
  folder = await makeTemporaryFolder('resume');
  socketPath = join(folder.path, 'e.sock');
  asked = [];
  spoken = 'HELLO THERE';
  server = createServer((request, response) => {
    void answer(request).then(({ type, body }) =>
      response.writeHead(200, { 'content-type': type }).end(body),
    );
  });
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
});
afterEach(async () => {
  server.close();
  await folder.remove();
});

/** Speaks as vLLM does, as far as it is asked here. */
async function answer(request: IncomingMessage): Promise<{ type: string; body: string }> {
  const url = request.url ?? '';
  const body = JSON.parse(await text(request)) as Record<string, unknown>;
  asked.push({ url, body });
  if (url === '/tokenize') {
    const { prompt } = body;
    const tokens = typeof prompt === 'string' ? [...prompt].map((letter) => letter.charCodeAt(0)) : [1, 2];
    return { type: 'application/json', body: JSON.stringify({ tokens, count: 2, max_model_len: 100 }) };
  }
  const choice = url === CHAT ? { delta: { content: spoken } } : { text: '!' };
  const events = [
    { id: 'new', choices: [{ index: 0, finish_reason: null, ...choice }], usage: null },
    {
      id: 'new',
      choices: [{ index: 0, finish_reason: 'stop', ...(url === CHAT ? { delta: {} } : { text: '' }) }],
    },
    ...(body['stream_options'] === undefined
      ? []
      : [{ id: 'new', choices: [], usage: { prompt_tokens: 4, completion_tokens: 2, total_tokens: 6 } }]),
  ];
  const lines = events.map((event) => `data: ${JSON.stringify(event)}\n\n`);
  return { type: 'text/event-stream', body: `${lines.join('')}data: [DONE]\n\n` };
}

function delivered(content: string): Buffer {
  const choices = [{ index: 0, delta: { content }, finish_reason: null }];
  return Buffer.from(`data: ${JSON.stringify({ id: 'old', created: 1, model: 'ai/m', choices })}\n\n`);
}

async function resumed(members: object, { answersPlainly = true } = {}): Promise<string> {
  const body = JSON.stringify({ messages, stream: true, ...members });
  const call = { route: CHAT, body, signal: NEVER };
  const response = await resumeVllm(
    { endpoint: { socketPath }, call, delivered: delivered('AB') },
    { servedName: 'ai/served', answersPlainly },
  );
  return text(response.body);
}

describe('resumeVllm', () => {
  it('goes on with a plain chat from the tokens of prompt and answer, as one answer', async () => {
    const rest = await resumed({ temperature: 0.5, seed: 7, stream_options: { include_usage: true } });
    expect(asked.at(-1)).toEqual({
      url: '/v1/completions',
      body: {
        model: 'ai/served',
        prompt: [1, 2, 65, 66],
        max_tokens: 96,
        temperature: 0.5,
        seed: 9,
        stream: true,
        stream_options: { include_usage: true },
      },
    });
    const chunks = rest.split('\n\n').filter((event) => event.startsWith('data: {'));
    expect(chunks.every((event) => event.includes('"id":"old"'))).toBe(true);
    expect(rest).toContain('"delta":{"content":"!"}');
    expect(rest).toContain('"completion_tokens":4,"prompt_tokens":2,"total_tokens":6');
    expect(rest.endsWith('data: [DONE]\n\n')).toBe(true);
  });

  it('asks for nothing more when the answer had used up its tokens', async () => {
    expect(await resumed({ max_tokens: 2 })).toContain('"finish_reason":"length"');
    expect(asked.every(({ url }) => url === '/tokenize')).toBe(true);
  });

  it.each([
    ['a parser takes reasoning out of answers', {}, { answersPlainly: false }],
    ['penalties count what was generated', { presence_penalty: 1 }, {}],
    ['a schema binds it', { response_format: { type: 'json_schema', json_schema: {} } }, {}],
  ])('says it once more where %s', async (_, members, traits) => {
    spoken = 'ABCD';
    expect(await resumed(members, traits)).toContain('"content":"CD"');
    expect(asked.map(({ url }) => url)).toEqual([CHAT]);
  });

  it('goes on from tokens where an answer with stop strings is another the second time', async () => {
    expect(await resumed({ stop: ['x'] })).toContain('"content":"!"');
    expect(asked.map(({ url }) => url)).toEqual([CHAT, '/tokenize', '/tokenize', '/v1/completions']);
  });

  it('refuses where only saying it once more is left and that gives another answer', async () => {
    await expect(resumed({ presence_penalty: 1 })).rejects.toThrow(CannotContinue);
  });
});
