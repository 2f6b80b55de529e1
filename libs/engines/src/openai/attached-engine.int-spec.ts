import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  eventually,
  fixtureModel,
  isAlive,
  makeTemporaryFolder,
  SCRIPTS,
  startLlamaServer,
  type LlamaServerFixture,
  type TemporaryFolder,
} from '#testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { askForText, askStreaming } from '../__contract__/ask.js';
import { describeAnswers } from '../__contract__/engine-contract.js';
import { EngineStartError, type EngineSession, type SessionSpec } from '../engine.js';
import { AttachedEngine, type AttachedEngineOptions } from './attached-engine.js';

const { signal } = new AbortController();
/** A server on a busy machine may well be silent for a second. */
const OFTEN = { interval: 40, patience: 60_000 };
const SOON = { interval: 40, patience: 1_500 };
const KEY = 'sk-very-secret';

let folder: TemporaryFolder;
const closing: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  folder = await makeTemporaryFolder('att');
});
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});
afterAll(() => folder.remove());

async function startServer(more: readonly string[] = []): Promise<LlamaServerFixture> {
  const model = await fixtureModel('scripted');
  const server = await startLlamaServer({
    model,
    arguments: ['--alias', 'ai/scripted', '--ctx-size', '4096', '--parallel', '2', '--threads', '1', ...more],
  });
  closing.push(() => server.stop());
  return server;
}

function attach(options: AttachedEngineOptions, model = 'ai/scripted'): Promise<EngineSession> {
  return new AttachedEngine({ watchTimes: OFTEN, ...options }).start(specFor(model), signal);
}

function specFor(model: string): SessionSpec {
  return {
    servedName: 'ai/here',
    mode: 'completion',
    files: { format: 'remote', weights: model },
    slots: 2,
    threads: 1,
    runDirectory: folder.path,
    log: () => undefined,
  };
}

/** A server that is no engine; what it was asked is in `seen`. */
async function startStub(answer: RequestListener): Promise<{ url: string; seen: string[] }> {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    seen.push(`${request.method} ${request.url} ${request.headers.authorization ?? ''}`.trim());
    answer(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
}

const messageOf = (start: Promise<unknown>): Promise<string> =>
  start.then(
    () => 'it worked',
    (error: unknown) => (error instanceof EngineStartError ? error.message : `${String(error)}, unexplained`),
  );

const listing = (names: readonly string[]) => JSON.stringify({ data: names.map((id) => ({ id })) });

describe('a session with an attached llama-server', () => {
  let server: LlamaServerFixture;
  let session: EngineSession;

  beforeAll(async () => {
    const model = await fixtureModel('scripted');
    server = await startLlamaServer({
      model,
      arguments: ['--alias', 'ai/scripted', '--ctx-size', '4096', '--parallel', '2', '--threads', '1'],
    });
    session = await attach({ url: `${server.url}/v1` });
  });
  afterAll(async () => {
    await session?.stop(0);
    await server?.stop();
  });

  describeAnswers(() => session);

  it('runs requests at the same time', async () => {
    const prompt = SCRIPTS.say.prompt;
    const texts = await Promise.all([askForText(session, { prompt }), askForText(session, { prompt })]);
    expect(texts).toEqual([SCRIPTS.say.text, SCRIPTS.say.text]);
  });

  it('goes on with an answer that broke off', async () => {
    const request = {
      messages: [{ role: 'user', content: SCRIPTS.say.prompt }],
      temperature: 0,
      stream: true,
    };
    const call = { route: '/v1/chat/completions', body: JSON.stringify(request), signal };
    const whole = Buffer.concat((await (await session.call(call)).body.toArray()) as Buffer[]).toString();
    const events = whole.split(/(?<=\n\n)/);
    const delivered = Buffer.from(events.slice(0, 3).join(''));
    const rest = Buffer.concat(
      (await (await session.resume(call, delivered)).body.toArray()) as Buffer[],
    ).toString();
    const texts = (text: string) => [...text.matchAll(/"content":"([^"]*)"/g)].map(([, piece]) => piece);
    expect([...texts(delivered.toString()), ...texts(rest)].join('')).toBe(SCRIPTS.say.text);
  });

  it('tells which models the server has', async () => {
    const engine = new AttachedEngine({ url: server.url });
    expect(await engine.remoteModels()).toEqual(['ai/scripted']);
    expect(await engine.probe()).toMatchObject({ version: 'llama.cpp', formats: ['remote'] });
  });

  it('says which models there are when the one is not', async () => {
    expect(await messageOf(attach({ url: server.url }, 'ai/other'))).toBe(
      `The server at ${server.url} has no model ai/other; it has ai/scripted.`,
    );
  });

  it('leaves the server alone when it stops, and breaks off what runs', async () => {
    const own = await attach({ url: server.url });
    const stream = askStreaming(own, { prompt: SCRIPTS.loop.prompt, more: { max_tokens: 3_000 } });
    await stream.next();
    const broken = (async () => {
      for await (const chunk of stream) void chunk;
    })();
    await own.stop(0);
    await expect(broken).rejects.toThrow('did not answer');
    expect((await own.exited).reason).toBe('stopped');
    expect(isAlive(server.pid)).toBe(true);
    await expect(askForText(own, { prompt: 'x' })).rejects.toThrow('stopped');
    expect(await askForText(session, { prompt: SCRIPTS.say.prompt })).toBe(SCRIPTS.say.text);
  });
});

describe('an attached server in trouble', () => {
  it('ends the session when the server is killed, within its patience', async () => {
    const server = await startServer();
    const session = await attach({ url: server.url, watchTimes: SOON });
    const stream = askStreaming(session, { prompt: SCRIPTS.loop.prompt });
    await stream.next();
    const broken = (async () => {
      for await (const chunk of stream) void chunk;
    })().catch((error: unknown) => error);
    await server.stop();
    const { reason } = await session.exited;
    expect(reason).toBe(`The server at ${server.url} does not answer (ECONNREFUSED).`);
    expect(await broken).toBeInstanceOf(Error);
  });

  it('ends the session when the server answers nothing any more', async () => {
    const server = await startServer();
    const session = await attach({ url: server.url, watchTimes: SOON });
    process.kill(server.pid, 'SIGSTOP');
    const { reason } = await session.exited;
    expect(reason).toContain('does not answer (nothing came for 1.5 s)');
  });

  it('stays with a server that is away for a moment only', async () => {
    let down = false;
    let looks = 0;
    const stub = await startStub((_, response) => {
      looks += 1;
      response.writeHead(down ? 503 : 200).end(listing(['m']));
    });
    const session = await attach({ url: stub.url, watchTimes: { interval: 10, patience: 60_000 } }, 'm');
    down = true;
    const seenDown = looks + 2;
    await eventually(() => looks >= seenDown);
    down = false;
    const seenUp = looks + 2;
    await eventually(() => looks >= seenUp);
    const state = await Promise.race([session.exited, Promise.resolve('there')]);
    expect(state).toBe('there');
    await session.stop(0);
  });

  it('ends the session when the server no longer has the model', async () => {
    let names = ['m', 'n'];
    const stub = await startStub((_, response) => response.end(listing(names)));
    const session = await attach({ url: stub.url }, 'm');
    names = ['n'];
    expect((await session.exited).reason).toBe(`The server at ${stub.url} has no model m any more.`);
  });

  it('uses the key, and says whose fault it is when it is wrong without telling it', async () => {
    const server = await startServer(['--api-key', KEY]);
    const session = await attach({ url: server.url, key: KEY });
    expect(await askForText(session, { prompt: SCRIPTS.say.prompt })).toBe(SCRIPTS.say.text);
    await session.stop(0);
    const [none, wrong] = await Promise.all([
      startStub((_, response) => response.writeHead(401).end(`wrong key ${KEY}`)).then(({ url }) =>
        messageOf(attach({ url })),
      ),
      startStub((_, response) => response.writeHead(403).end(`wrong key ${KEY}`)).then(({ url }) =>
        messageOf(attach({ url, key: KEY })),
      ),
    ]);
    expect(none).toMatch(/wants a key; set OPENAI_ENGINE_KEY/);
    expect(wrong).toMatch(/refuses OPENAI_ENGINE_KEY/);
    expect(none + wrong).not.toContain(KEY);
  });

  it('does not pass a refused key on to callers, nor what the server says of it', async () => {
    const stub = await startStub((request, response) => {
      if (request.url === '/v1/models') return response.end(listing(['m']));
      return response.writeHead(401, { 'www-authenticate': 'Bearer' }).end(`{"error":"bad key ${KEY}"}`);
    });
    const session = await attach({ url: stub.url, key: KEY }, 'm');
    const response = await session.call({ route: '/v1/embeddings', body: '{}', signal });
    const text = (await response.body.setEncoding('utf8').toArray()).join('');
    expect(response).toMatchObject({ status: 502, headers: { 'content-type': /json/ } });
    expect(text).toContain('OPENAI_ENGINE_KEY must be corrected');
    expect(text).not.toContain(KEY);
    await session.stop(0);
  });

  it('follows no redirect, neither when it is asked for models nor for answers', async () => {
    const target = await startStub((_, response) => response.end(listing(['m'])));
    const whole = await startStub((request, response) =>
      response.writeHead(302, { location: `${target.url}${request.url}` }).end(),
    );
    expect(await messageOf(attach({ url: whole.url, key: KEY }, 'm'))).toBe(
      `The server at ${whole.url} sends callers elsewhere, to ${target.url}, which is not followed; correct OPENAI_ENGINE_URL.`,
    );
    const partly = await startStub((request, response) => {
      if (request.url === '/v1/models') return response.end(listing(['m']));
      return response.writeHead(307, { location: `${target.url}${request.url}` }).end();
    });
    const session = await attach({ url: partly.url, key: KEY }, 'm');
    const { status } = await session.call({ route: '/rerank', body: '{}', signal });
    expect(status).toBe(502);
    expect(partly.seen).toContain(`POST /v1/rerank Bearer ${KEY}`);
    expect(target.seen).toEqual([]);
    await session.stop(0);
  });

  it.each([
    ['garbage', 200, '<html>hello</html>', /with no list of models/],
    ['an error', 500, 'oh dear', /with status 500/],
    ['that nobody is behind it', 502, '', /with status 502/],
  ])('says so when it answers %s', async (_, status, body, sentence) => {
    const stub = await startStub((_request, response) => response.writeHead(status).end(body));
    expect(await messageOf(attach({ url: stub.url }))).toMatch(sentence);
  });

  it('says so when nobody is there, and can be asked again', async () => {
    const server = await startServer();
    await server.stop();
    const engine = new AttachedEngine({ url: server.url });
    expect(await messageOf(engine.probe())).toContain('does not answer (ECONNREFUSED)');
    expect(await messageOf(engine.probe())).toContain('does not answer (ECONNREFUSED)');
  });

  it('takes no model that has files', async () => {
    const engine = new AttachedEngine({ url: 'http://127.0.0.1:9' });
    const spec = { ...specFor('m'), files: { format: 'gguf', weights: '/m.gguf' } as const };
    expect(await messageOf(engine.start(spec, signal))).toMatch(/no attached server can be given/);
  });
});
