import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../eventually.js';
import { openRequest, requestJson, type OpenResponse } from '../http.js';
import { startChildServer, type ChildServer } from '../servers/child-server.js';
import { assembleChat, parseSse, type AssembledChat } from '../sse.js';
import { makeTemporaryFolder, type TemporaryFolder } from '../temporary-folder.js';
import { syntheticEnginePath } from './program.js';
import { createSyntheticServer, type SyntheticStats } from './server.js';
import { readSettings } from './settings.js';
import { syntheticText } from './token-text.js';

let folder: TemporaryFolder;
let socketPath: string;
let close: () => Promise<unknown>;

async function listen(environment: Readonly<Record<string, string>> = {}): Promise<void> {
  const server = createSyntheticServer(readSettings(['--alias', 'ship', '--host', socketPath], environment));
  server.listen(socketPath);
  await once(server, 'listening');
  close = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
}

beforeEach(async () => {
  folder = await makeTemporaryFolder('synthetic');
  socketPath = `${folder.path}/engine.sock`;
});
afterEach(async () => {
  await close();
  await folder.remove();
});

const chat = (body: object): Promise<OpenResponse> =>
  openRequest({ socketPath, url: '/v1/chat/completions', body: { messages: [], ...body } });
const assemble = async (response: OpenResponse): Promise<AssembledChat> =>
  assembleChat(parseSse(await response.whole()));
const stats = async (): Promise<SyntheticStats> =>
  (await requestJson({ socketPath, url: '/synthetic/stats' })).json as SyntheticStats;

describe('the synthetic engine', () => {
  it('streams as many numbered tokens as were asked for, then usage when that was asked for too', async () => {
    await listen();
    const response = await chat({ max_tokens: 5000, stream: true, stream_options: { include_usage: true } });
    expect(response.headers['content-type']).toBe('text/event-stream');
    const answer = await assemble(response);
    expect(answer.text).toBe(syntheticText(5000));
    expect(answer.textChunks).toBe(5000);
    expect(answer.finishReason).toBe('length');
    expect(answer.usage).toMatchObject({ completion_tokens: 5000 });
    expect(await stats()).toEqual({ requests: 1, open: 0, completed: 1, aborted: 0, tokens: 5000 });
  });

  it('answers in one piece when nobody asked for a stream', async () => {
    await listen();
    const { json } = await requestJson({
      socketPath,
      url: '/v1/completions',
      body: { prompt: '', max_tokens: 3 },
    });
    expect(json).toMatchObject({ model: 'ship', object: 'text_completion', choices: [{ text: 't1 t2 t3' }] });
  });

  it('streams text completions in their own shape', async () => {
    await listen();
    const body = { prompt: '', max_tokens: 3, stream: true };
    expect(await assemble(await openRequest({ socketPath, url: '/v1/completions', body }))).toMatchObject({
      text: 't1 t2 t3',
    });
  });

  it('holds the rate that a request asks for', async () => {
    await listen({ SYNTHETIC_RATE: '1000000' });
    const started = performance.now();
    await assemble(await chat({ max_tokens: 11, stream: true, synthetic: { rate: 50 } }));
    expect(performance.now() - started).toBeGreaterThanOrEqual(199);
  });

  it('says nothing before its prefill is over', async () => {
    await listen({ SYNTHETIC_PREFILL_MS: '100' });
    const started = performance.now();
    await chat({ max_tokens: 1, stream: true });
    expect(performance.now() - started).toBeGreaterThanOrEqual(99);
  });

  it('stops and counts a stream that its client has left', async () => {
    await listen();
    const response = await chat({ max_tokens: 1_000_000, stream: true, synthetic: { rate: 100 } });
    expect(await stats()).toMatchObject({ open: 1, aborted: 0 });
    response.hangUp();
    await eventually(stats, ({ open, aborted }) => open === 0 && aborted === 1);
  });

  it('stops and counts an unstreamed answer that its client has left', async () => {
    await listen();
    const gone = new AbortController();
    const lost = openRequest({
      socketPath,
      url: '/v1/completions',
      body: { max_tokens: 1_000_000, synthetic: { rate: 1 } },
      signal: gone.signal,
    });
    await eventually(stats, ({ open }) => open === 1);
    gone.abort();
    await expect(lost).rejects.toThrow('abort');
    await eventually(stats, ({ open, aborted }) => open === 0 && aborted === 1);
  });

  it('keeps silent and open after as many tokens as it should hang', async () => {
    await listen();
    const response = await chat({ max_tokens: 10, stream: true, synthetic: { hangAfter: 2 } });
    await eventually(() => response.received().includes('t2'));
    expect(await stats()).toMatchObject({ open: 1, tokens: 2 });
    response.hangUp();
  });

  it('refuses with the status that a request asks for', async () => {
    await listen();
    const body = { synthetic: { refuse: 500 } };
    expect(await requestJson({ socketPath, url: '/v1/chat/completions', body })).toMatchObject({
      status: 500,
      json: { error: { code: 500 } },
    });
  });

  it('answers 503 until it is loaded', async () => {
    await listen({ SYNTHETIC_LOAD_MS: '1500' });
    const health = async (): Promise<number> => (await openRequest({ socketPath, url: '/health' })).status;
    expect(await health()).toBe(503);
    await eventually(health, (status) => status === 200);
  });

  it('gives equal vectors to equal texts and others to others', async () => {
    await listen();
    const body = { input: ['sea', 'sea', 'land'] };
    const { json } = await requestJson({ socketPath, url: '/v1/embeddings', body });
    const [first, second, third] = (json as { data: { embedding: number[] }[] }).data;
    expect(first?.embedding).toEqual(second?.embedding);
    expect(first?.embedding).not.toEqual(third?.embedding);
  });

  it('refuses what is no JSON and what it does not know', async () => {
    await listen();
    expect((await openRequest({ socketPath, url: '/v1/completions', body: '{' })).status).toBe(400);
    expect((await openRequest({ socketPath, url: '/v2' })).status).toBe(404);
  });
});

describe('the synthetic engine as a program', () => {
  const start = async (): Promise<ChildServer> =>
    startChildServer({
      command: await syntheticEnginePath({ rate: 0 }),
      arguments: ['--parallel', '4', '--host', socketPath, '--no-such-flag'],
      directory: folder.path,
      ready: /listening on/,
      missing: 'The program is missing.',
    });

  beforeEach(() => {
    close = () => Promise.resolve();
  });

  it('names its version as llama-server does', async () => {
    const { stderr } = await promisify(execFile)(await syntheticEnginePath(), ['--version']);
    expect(stderr).toContain('version: 0.0.0 (synthetic)');
  });

  it.each([true, false])('crashes on demand in the middle of an answer (stream: %s)', async (stream) => {
    const server = await start();
    const body = { max_tokens: 10, stream, synthetic: { crashAfter: 3 } };
    const answer = openRequest({ socketPath, url: '/v1/completions', body }).then((open) => open.whole());
    await expect(answer).rejects.toThrow(/aborted|ECONNRESET|socket hang up/);
    await server.end('SIGKILL');
  });
});
