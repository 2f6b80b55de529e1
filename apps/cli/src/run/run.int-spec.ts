import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { makeTemporaryFolder, type TemporaryFolder } from '#testing';
import { runLongshore, type Run, type RunOptions } from '../__fixtures__/run-longshore.js';
import {
  type Answer,
  type Asked,
  json,
  type ScriptedServer,
  startScriptedServer,
  text,
} from '../__fixtures__/scripted-server.js';

const CHAT = 'POST /engines/v1/chat/completions';
const USAGE = { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 };
const PNG = Buffer.from('89504e470d0a1a0a00', 'hex');

const servers: ScriptedServer[] = [];
let folder: TemporaryFolder;
let image = '';
beforeAll(async () => {
  folder = await makeTemporaryFolder('run');
  image = join(folder.path, 'cat.png');
  await writeFile(image, PNG);
  await writeFile(join(folder.path, 'notes.txt'), 'Whales sing.\n');
  await writeFile(join(folder.path, 'schema.json'), '{"type":"object"}');
});
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});
afterAll(() => folder.remove());

type Answers = Readonly<Record<string, Answer | readonly Answer[]>>;

/** A cluster with the model `m`. */
async function serve(answers: Answers): Promise<ScriptedServer> {
  const server = await startScriptedServer({ 'GET /models/m': json({ id: 'sha256:1' }), ...answers });
  servers.push(server);
  return server;
}

const ask = (server: ScriptedServer, args: readonly string[], options: RunOptions = {}): Promise<Run> =>
  runLongshore(['--host', server.url, 'run', ...args], options);

const event = (number: number, data: unknown): string => `id: ${number}\ndata: ${JSON.stringify(data)}\n\n`;
const delta = (number: number, value: object): string =>
  event(number, { choices: [{ delta: value, finish_reason: null }] });
const says = (number: number, content: string): string => delta(number, { content });
const END = `${event(90, { choices: [{ delta: {}, finish_reason: 'stop' }] })}${event(91, { choices: [], usage: USAGE })}id: 92\ndata: [DONE]\n\n`;

const HEAD = { 'content-type': 'text/event-stream', 'x-longshore-request': 'gw.7' };

const streams =
  (...parts: readonly string[]): Answer =>
  (response) =>
    response.writeHead(200, HEAD).end(parts.join(''));

/** Begins to answer, and breaks the connection. */
const breaks =
  (...parts: readonly string[]): Answer =>
  (response) =>
    response.writeHead(200, HEAD).write(parts.join(''), () => response.destroy());

const requestsOf = (server: ScriptedServer, path: string): Asked[] =>
  server.asked.filter(({ url }) => url.startsWith(path));
const messagesOf = (server: ScriptedServer): unknown =>
  (JSON.parse(requestsOf(server, '/engines/v1/chat')[0]?.body ?? '{}') as { messages?: unknown }).messages;

describe('an answer', () => {
  it('stands alone on stdout, with what it took on stderr', async () => {
    const server = await serve({ [CHAT]: streams(says(1, 'Hel'), says(2, 'lo'), END) });
    expect(await ask(server, ['m', 'Hi', 'there'])).toEqual({
      code: 0,
      out: 'Hello\n',
      error: 'Token usage: 3 prompt + 2 completion = 5 total\n',
    });
    expect(messagesOf(server)).toEqual([{ role: 'user', content: 'Hi there' }]);
  });

  it('goes into a pipe without what the model thought, which --json tells', async () => {
    const answer = streams(delta(1, { reasoning_content: 'Hm.' }), says(2, 'Yes.'), END);
    const server = await serve({ [CHAT]: answer });
    expect((await ask(server, ['m', 'Hi'])).out).toBe('Yes.\n');
    const { out, error } = await ask(server, ['m', 'Hi', '--json']);
    expect(JSON.parse(out)).toMatchObject({
      model: 'm',
      text: 'Yes.',
      reasoning: 'Hm.',
      finish_reason: 'stop',
      usage: USAGE,
      request_id: 'gw.7',
      reconnections: 0,
    });
    expect(error).toBe('');
  });

  it('says when it was cut off', async () => {
    const cut = event(2, { choices: [{ delta: {}, finish_reason: 'length' }] });
    const server = await serve({ [CHAT]: streams(says(1, 'Once upon'), cut, 'data: [DONE]\n\n') });
    expect((await ask(server, ['m', 'Tell'])).error).toMatch(/^The answer was cut off/);
  });

  it('is asked for with what the options say', async () => {
    const server = await serve({ [CHAT]: streams(END) });
    const schema = join(folder.path, 'schema.json');
    const options = [
      '--system',
      'Be terse.',
      '--temperature',
      '0.5',
      '--max-tokens',
      '9',
      '--format',
      schema,
    ];
    await ask(server, ['m', 'Hi', ...options]);
    expect(JSON.parse(requestsOf(server, '/engines')[0]?.body ?? '')).toEqual({
      model: 'm',
      messages: [
        { role: 'system', content: 'Be terse.' },
        { role: 'user', content: 'Hi' },
      ],
      stream: true,
      stream_options: { include_usage: true },
      temperature: 0.5,
      max_tokens: 9,
      response_format: {
        type: 'json_schema',
        json_schema: { name: 'answer', strict: true, schema: { type: 'object' } },
      },
    });
  });
});

describe('a connection that breaks', () => {
  it('in the midst of an answer is made again for the rest, and every byte is printed once', async () => {
    const server = await serve({
      [CHAT]: breaks(says(1, 'a'), says(2, 'b')),
      'GET /v1/streams/*': [
        breaks(says(3, 'c'), 'id: 4\ndata: {"choices":[{"del'),
        text(503, 'the gateway is stopping'),
        streams(says(4, 'd'), END),
      ],
    });
    const { code, out } = await ask(server, ['m', 'Hi', '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ text: 'abcd', reconnections: 3 });
    const key = String(requestsOf(server, '/engines')[0]?.headers['idempotency-key']);
    const resumed = requestsOf(server, '/v1/streams').map(({ url, headers }) => [
      url,
      headers['last-event-id'],
    ]);
    expect(resumed).toEqual([
      [`/v1/streams/${key}`, '2'],
      [`/v1/streams/${key}`, '3'],
      [`/v1/streams/${key}`, '3'],
    ]);
  });

  it('before anything has come makes the same request again under the same key', async () => {
    const server = await serve({ [CHAT]: [(response) => response.destroy(), streams(says(1, 'a'), END)] });
    expect((await ask(server, ['m', 'Hi'])).out).toBe('a\n');
    const [first, second] = requestsOf(server, '/engines');
    expect(first?.headers['idempotency-key']).toMatch(/^[\da-f-]{36}$/);
    expect(second?.headers['idempotency-key']).toBe(first?.headers['idempotency-key']);
    expect(second?.body).toBe(first?.body);
  });

  it('whose rest is not kept any more ends with the reason, and nothing is asked anew', async () => {
    const server = await serve({
      [CHAT]: breaks(says(1, 'a')),
      'GET /v1/streams/*': text(404, 'It is gone.'),
    });
    expect(await ask(server, ['m', 'Hi'])).toEqual({ code: 3, out: 'a\n', error: 'It is gone.\n' });
    expect(requestsOf(server, '/engines')).toHaveLength(1);
  });
});

describe('a server without numbers of events', () => {
  it('is not asked again when the connection breaks in the midst of the answer', async () => {
    const unnumbered = `data: ${JSON.stringify({ choices: [{ delta: { content: 'a' } }] })}\n\n`;
    const server = await serve({ [CHAT]: breaks(unnumbered) });
    const { code, out, error } = await ask(server, ['m', 'Hi']);
    expect({ code, out }).toEqual({ code: 4, out: 'a\n' });
    expect(error).toMatch(/broke off before the answer was complete/);
    expect(requestsOf(server, '/engines')).toHaveLength(1);
  });
});

describe('a request that fails', () => {
  it('in the midst of the answer ends with its words and 1', async () => {
    const failure = 'data: {"error":{"message":"The engine died.","code":"engine_failed"}}\n\n';
    const server = await serve({ [CHAT]: streams(says(1, 'a'), failure) });
    expect(await ask(server, ['m', 'Hi'])).toEqual({ code: 1, out: 'a\n', error: 'The engine died.\n' });
  });

  it('is believed at once when nothing of it was there', async () => {
    const server = await serve({ [CHAT]: text(503, 'No worker is alive.') });
    expect(await ask(server, ['m', 'Hi'])).toEqual({ code: 4, out: '', error: 'No worker is alive.\n' });
    expect(requestsOf(server, '/engines')).toHaveLength(1);
  });
});

describe('an interrupted question', () => {
  it('is cancelled in the cluster and ends with 130, also when it was not taken yet', async () => {
    const server = await serve({
      [CHAT]: (response) => void response.writeHead(200, HEAD).write(says(1, 'a')),
      'DELETE /v1/streams/*': [text(404, 'not yet'), text(204, '')],
    });
    const { code, out } = await ask(server, ['m', 'Hi'], {
      onOutput: (_, interruption) => interruption.interrupt(),
    });
    expect({ code, out }).toEqual({ code: 130, out: 'a\n' });
    const key = requestsOf(server, '/engines')[0]?.headers['idempotency-key'];
    const cancelled = server.asked.filter(({ method }) => method === 'DELETE').map(({ url }) => url);
    expect(cancelled).toEqual([`/v1/streams/${String(key)}`, `/v1/streams/${String(key)}`]);
  });
});

describe('a prompt', () => {
  it('is what stands behind the model, then what is piped in, in which no file is looked for', async () => {
    const server = await serve({ [CHAT]: streams(END) });
    const notes = join(folder.path, 'notes.txt');
    await ask(server, ['m', `Sum up @${notes}:`], { stdin: `See @${notes}\n` });
    expect(messagesOf(server)).toEqual([{ role: 'user', content: `Sum up Whales sing.:\n\nSee @${notes}` }]);
  });

  it('carries images, by option, by @ and by their path', async () => {
    const server = await serve({ [CHAT]: streams(END) });
    await ask(server, ['m', `What is @${image} and ${image}?`, '--image', image]);
    const url = `data:image/png;base64,${PNG.toString('base64')}`;
    const part = { type: 'image_url', image_url: { url } };
    expect(messagesOf(server)).toEqual([
      { role: 'user', content: [part, part, part, { type: 'text', text: 'What is  and ?' }] },
    ]);
  });

  it('that is missing is wrong usage, and so is an image that is none', async () => {
    const server = await serve({});
    expect(await ask(server, ['m'])).toMatchObject({
      code: 2,
      error: expect.stringMatching(/^There is no prompt/),
    });
    const notes = join(folder.path, 'notes.txt');
    const wrong: readonly (readonly [option: string, path: string, error: RegExp])[] = [
      ['--image', notes, /notes\.txt is not an image/],
      ['--image', '/nowhere.png', /^There is no file \/nowhere\.png\.$/m],
      ['--format', image, /^--format must be json or a file/],
      ['--format', '/nowhere.json', /\/nowhere\.json cannot be used: there is no such file\.$/m],
    ];
    for (const [option, path, error] of wrong)
      expect(await ask(server, ['m', 'Hi', option, path])).toMatchObject({
        code: 2,
        error: expect.stringMatching(error),
      });
    expect(server.asked).toEqual([]);
  });
});

describe('a model', () => {
  const SUCCESS = `${JSON.stringify({ type: 'success', message: 'Pulled it.', total: 0, layer: { size: 0, current: 0 } })}\n`;

  it('that is not there is pulled first, which stdout does not tell', async () => {
    const server = await serve({
      [CHAT]: streams(says(1, 'a'), END),
      'POST /models/create': text(200, SUCCESS, 'application/json'),
    });
    const { code, out, error } = await ask(server, ['new', 'Hi']);
    expect({ code, out }).toEqual({ code: 0, out: 'a\n' });
    expect(error).toMatch(/^Unable to find model 'new' in the cluster. Pulling it\.\nPulled it\.\n/);
  });

  it('that is not there is not found with --no-pull', async () => {
    const server = await serve({ 'GET /models/*': text(404, 'No such model: new') });
    expect(await ask(server, ['new', 'Hi', '--no-pull'])).toEqual({
      code: 3,
      out: '',
      error: 'No such model: new\n',
    });
    expect(server.asked).toHaveLength(1);
  });

  it('of any organisation is found by its bare name, and asked by its whole one', async () => {
    const server = await serve({
      'GET /models/small': json({ id: 'sha256:1', tags: ['docker.io/team/small:latest'] }),
      [CHAT]: streams(says(1, 'a'), END),
    });
    expect(await ask(server, ['small', 'Hi'])).toMatchObject({ code: 0, out: 'a\n' });
    const [asked] = requestsOf(server, '/engines');
    expect(JSON.parse(asked?.body ?? '')).toMatchObject({ model: 'docker.io/team/small:latest' });
  });

  it('is only loaded with --detach', async () => {
    const server = await serve({ [CHAT]: text(200, '') });
    expect(await ask(server, ['-d', 'm'])).toEqual({ code: 0, out: '', error: '' });
    const [asked] = requestsOf(server, '/engines');
    expect(asked?.headers['x-preload-only']).toBe('true');
    expect(JSON.parse(asked?.body ?? '')).toEqual({ model: 'm', messages: [], stream: false });
  });
});
