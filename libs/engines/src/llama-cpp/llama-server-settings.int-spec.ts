import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { deflateSync, crc32 } from 'node:zlib';
import { ADAPTED_PIECE, fixtureModel, makeTemporaryFolder, SCRIPTS, type TemporaryFolder } from '#testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ask } from '../__contract__/ask.js';
import { installedLlamaServer } from '../__contract__/installed-llama-server.js';
import { EngineStartError, type EngineSession, type SessionSpec } from '../engine.js';
import { LlamaServerEngine } from './llama-server-engine.js';

const { signal } = new AbortController();

let folder: TemporaryFolder;
let sessions: EngineSession[];
let printed: string[];

beforeEach(async () => {
  folder = await makeTemporaryFolder('set');
  sessions = [];
  printed = [];
});

afterEach(async () => {
  await Promise.all(sessions.map((session) => session.stop(1_000)));
  await folder.remove();
});

interface Setup {
  readonly binary?: string;
  readonly extraArguments?: readonly string[];
}

async function start(changes: Partial<SessionSpec> = {}, setup: Setup = {}): Promise<EngineSession> {
  const engine = new LlamaServerEngine({
    binary: installedLlamaServer(),
    environment: process.env,
    ...setup,
  });
  const session = await engine.start(
    {
      servedName: 'ai/scripted',
      mode: 'completion',
      files: { format: 'gguf', weights: await fixtureModel('scripted') },
      contextSize: 1024,
      slots: 1,
      threads: 1,
      runDirectory: folder.path,
      log: (line) => void printed.push(line),
      ...changes,
    },
    signal,
  );
  sessions.push(session);
  return session;
}

async function post(session: EngineSession, body: object) {
  const route = '/v1/chat/completions';
  const response = await session.call({ route, body: JSON.stringify(body), signal });
  const text = (await response.body.setEncoding('utf8').toArray()).join('');
  return { status: response.status, text, json: JSON.parse(text) as Answer };
}

interface Answer {
  readonly choices?: readonly {
    readonly message: {
      readonly content: string;
      readonly tool_calls?: readonly { readonly function: { readonly name: string } }[];
    };
  }[];
  readonly error?: { readonly message: string };
  readonly timings?: { readonly draft_n?: number; readonly draft_n_accepted?: number };
  readonly usage?: { readonly prompt_tokens: number };
}

describe('llama-server with the settings of a model', () => {
  it('guesses with a draft model, which changes nothing in the answer', async () => {
    const files = { format: 'gguf', weights: await fixtureModel('scripted') } as const;
    const draft = { files, tokens: 4, minimumAcceptance: 0.1 };
    const session = await start({ settings: { draft } });
    const request = { prompt: SCRIPTS.loop.prompt, more: { max_tokens: 40 } };
    const { choices } = await ask(session, request);
    expect(choices[0]?.message.content).toBe(SCRIPTS.loop.textOf(40));
    const body = {
      messages: [{ role: 'user', content: SCRIPTS.loop.prompt }],
      max_tokens: 40,
      temperature: 0,
    };
    const { json } = await post(session, body);
    expect(json.timings?.draft_n_accepted ?? 0).toBeGreaterThan(0);
  });

  it('says that a flag is not known before it starts anything', async () => {
    const failure: unknown = await start({ settings: { flags: ['--no-such-flag'] } }).catch(
      (error: unknown) => error,
    );
    expect(failure).toBeInstanceOf(EngineStartError);
    expect(failure).toHaveProperty(
      'message',
      expect.stringContaining('does not know the flag --no-such-flag'),
    );
    expect(printed).toEqual([]);
  });

  it('says which flag has a value that cannot be', async () => {
    const failure: unknown = await start({ settings: { flags: ['--temp', 'hot'] } }).catch(
      (error: unknown) => error,
    );
    expect(failure).toHaveProperty('message', expect.stringMatching(/refused its arguments: .*--temp/));
  });

  it('knows that memory was what it lacked', async () => {
    const binary = join(folder.path, 'llama-server');
    const script = `#!/bin/sh\nulimit -v 2000000\nexec '${installedLlamaServer()}' "$@"\n`;
    await writeFile(binary, script);
    await chmod(binary, 0o755);
    const failure: unknown = await start({ contextSize: 1_000_000 }, { binary }).catch(
      (error: unknown) => error,
    );
    expect(failure).toBeInstanceOf(EngineStartError);
    expect(failure).toMatchObject({ outOfMemory: true });
    expect(failure).toHaveProperty('message', expect.stringContaining('not enough memory'));
  });

  it('applies an adapter to the requests that ask for it', async () => {
    const adapter = await fixtureModel('adapter');
    const extraArguments = ['--lora-scaled', `${adapter}:0`];
    const session = await start({}, { extraArguments });
    const prompt = SCRIPTS.say.prompt;
    const plain = await ask(session, { prompt });
    expect(plain.choices[0]?.message.content).toBe(SCRIPTS.say.text);
    const adapted = await ask(session, { prompt, more: { lora: [{ id: 0, scale: 1 }], max_tokens: 3 } });
    expect(adapted.choices[0]?.message.content).toBe(ADAPTED_PIECE.repeat(3));
  });

  it('takes an image in the request and refuses one that is elsewhere', async () => {
    const weights = await fixtureModel('scripted');
    const projector = await fixtureModel('projector');
    const session = await start({ files: { format: 'gguf', weights, projector } });
    const asking = (url: string) =>
      post(session, {
        messages: [
          {
            role: 'user',
            content: [
              { type: 'text', text: SCRIPTS.say.prompt },
              { type: 'image_url', image_url: { url } },
            ],
          },
        ],
        temperature: 0,
      });
    const { status, json } = await asking(`data:image/png;base64,${onePixel().toString('base64')}`);
    expect({ status, text: json.choices?.[0]?.message.content }).toEqual({
      status: 200,
      text: SCRIPTS.say.text,
    });
    const plain = await ask(session, { prompt: SCRIPTS.say.prompt });
    expect(json.usage?.prompt_tokens).toBeGreaterThan(plain.usage.prompt_tokens + 8);
    for (const url of ['http://127.0.0.1:9/cat.png', 'file:///etc/hostname']) {
      const refused = await asking(url);
      expect(refused).toMatchObject({ status: 400 });
      expect(refused.json.error?.message).toContain('data URL');
    }
  });

  it('uses the tool that the request names', async () => {
    const session = await start({ contextSize: 2048 });
    const tool = (name: string) => ({ type: 'function', function: { name, parameters: { type: 'object' } } });
    const request = {
      messages: [{ role: 'user', content: SCRIPTS.tool.prompt }],
      tools: [tool('get_time'), tool('get_weather')],
      tool_choice: { type: 'function', function: { name: 'get_weather' } },
      temperature: 0,
    };
    const { json } = await post(session, request);
    expect(json.choices?.[0]?.message.tool_calls?.map((call) => call.function.name)).toEqual(['get_weather']);
    // A text is no answer where the tool must be used: the model goes on until it is cut off.
    const unwilling = await post(session, {
      ...request,
      messages: [{ role: 'user', content: SCRIPTS.say.prompt }],
      max_tokens: 30,
    });
    expect(unwilling.text).toContain('"finish_reason":"length"');
  });
});

/** A black PNG of one pixel. */
function onePixel(): Buffer {
  const chunk = (type: string, data: Buffer): Buffer => {
    const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
    const frame = Buffer.alloc(8);
    frame.writeUInt32BE(data.length, 0);
    frame.writeUInt32BE(crc32(body), 4);
    return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
  };
  const header = Buffer.from([0, 0, 0, 1, 0, 0, 0, 1, 8, 2, 0, 0, 0]);
  const pixels = deflateSync(Buffer.from([0, 0, 0, 0]));
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', pixels),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}
