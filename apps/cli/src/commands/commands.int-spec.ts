import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { makeTemporaryFolder } from '#testing';
import { runLongshore, type Run, type RunOptions } from '../__fixtures__/run-longshore.js';
import {
  type Answer,
  json,
  type ScriptedServer,
  startScriptedServer,
  text,
} from '../__fixtures__/scripted-server.js';

const servers: ScriptedServer[] = [];

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

async function serve(answers: Readonly<Record<string, Answer | readonly Answer[]>>): Promise<ScriptedServer> {
  const server = await startScriptedServer(answers);
  servers.push(server);
  return server;
}

const ask = (server: ScriptedServer, args: readonly string[], options: RunOptions = {}): Promise<Run> =>
  runLongshore(['--host', server.url, ...args], options);

const line = (type: string, message: string): string =>
  `${JSON.stringify({ type, message, total: 0, layer: { size: 0, current: 0 }, mode: 'pull' })}\n`;
const layer = (current: number): string =>
  `${JSON.stringify({ type: 'progress', message: '', total: 100, layer: { id: 'sha256:ab', size: 100, current }, mode: 'pull' })}\n`;

/** Sends a part of an answer and cuts the connection. */
const cut =
  (body: string): Answer =>
  (response) =>
    response.write(body, () => response.destroy());

describe('what is written to the cluster', () => {
  it('carries the key, the program, and the path of the address', async () => {
    const server = await serve({ 'GET /t/acme/models': json([]) });
    const { code } = await runLongshore(['list', '--host', `${server.url}/t/acme`, '--api-key', 'lsk_1']);
    expect(code).toBe(0);
    expect(server.asked[0]?.headers).toMatchObject({
      authorization: 'Bearer lsk_1',
      'user-agent': expect.stringMatching(/^longshore\/\d/),
    });
  });

  it('goes through a unix socket', async () => {
    const folder = await makeTemporaryFolder('longshore-socket');
    const server = await startScriptedServer({ 'GET /engines/ps': json([]) }, join(folder.path, 's'));
    servers.push(server);
    try {
      expect(await ask(server, ['ps', '--json'])).toEqual({ code: 0, out: '[]\n', error: '' });
    } finally {
      await folder.remove();
    }
  });

  it('names models with all that belongs to their names', async () => {
    const server = await serve({
      'GET /models/hf.co/org/a:Q4_K_M@main': json({ id: 'x', created: 0, config: {} }),
    });
    expect((await ask(server, ['inspect', '-r', 'hf.co/org/a:Q4_K_M@main'])).code).toBe(0);
    expect(server.asked[0]?.url).toBe('/models/hf.co/org/a:Q4_K_M@main?remote=true');
  });

  it('gives HF_TOKEN to Hugging Face only', async () => {
    const done: Answer = text(200, line('success', 'ok'), 'application/json');
    const server = await serve({ 'POST /models/create': done });
    const environment = { HF_TOKEN: 'hf_secret' };
    await ask(server, ['pull', 'hf.co/org/a'], { environment });
    await ask(server, ['pull', 'smollm2'], { environment });
    expect(server.asked.map(({ body }) => JSON.parse(body))).toEqual([
      { from: 'hf.co/org/a', 'bearer-token': 'hf_secret' },
      { from: 'smollm2' },
    ]);
  });
});

describe('what goes wrong', () => {
  it.each([
    [401, 'no', 5, /wants an API key: give one with --api-key or LONGSHORE_API_KEY/],
    [403, 'The key may not list models.', 5, /The key may not list models/],
    [404, 'model not found', 3, /model not found/],
    [500, '', 1, /answered GET \/models\/m with 500/],
    [503, 'Redis is missing', 4, /Redis is missing/],
  ])('status %i "%s" ends with code %i and one sentence', async (status, body, code, words) => {
    const server = await serve({ 'GET /models/m': text(status, body) });
    const run = await ask(server, ['inspect', 'm']);
    expect(run).toMatchObject({ code, out: '' });
    expect(run.error).toMatch(words);
    expect(run.error.trimEnd().split('\n')).toHaveLength(1);
  });

  it('is no cluster at this address', async () => {
    const server = await serve({ 'GET /models': text(200, '<html>welcome</html>', 'text/html') });
    const run = await ask(server, ['list']);
    expect(run).toMatchObject({ code: 1, out: '' });
    expect(run.error).toMatch(/not JSON; is it a gateway of a cluster\?/);
  });

  it('is nobody at this address', async () => {
    const run = await runLongshore(['list', '--host', 'http://127.0.0.1:1']);
    expect(run).toMatchObject({ code: 4, out: '' });
    expect(run.error).toMatch(/^No cluster answers at http:\/\/127\.0\.0\.1:1 .*longshore up/);
  });

  it('is a connection that is cut in the middle', async () => {
    const server = await serve({ 'GET /models': cut('[{"id":') });
    const run = await ask(server, ['list', '--json']);
    expect(run).toMatchObject({ code: 4, out: '' });
    expect(run.error).toMatch(/broke off before the answer was complete/);
  });

  it('is an environment that cannot be read', async () => {
    const run = await runLongshore(['list'], { environment: { MODEL_RUNNER_TLS_SKIP_VERIFY: 'perhaps' } });
    expect(run).toMatchObject({ code: 2, out: '' });
    expect(run.error).toMatch(/MODEL_RUNNER_TLS_SKIP_VERIFY must be true or false/);
  });
});

describe('wrong usage', () => {
  it.each([
    [['lsit'], /"lsit" is not a command of Longshore; did you mean "list"\?/],
    [['nothing-like-it'], /"nothing-like-it" is not a command of Longshore; "longshore help" lists them\.$/m],
    [['list', '--jsno'], /Unknown option '--jsno'; did you mean --json\?/],
    [['pull'], /Missing required argument 'model'/],
    [['pull', 'a', 'b'], /Too many arguments/],
    [['list', '-q', '--json'], /--quiet prints ids only/],
    [['unload'], /Name the models to unload, or give --all/],
    [['unload', '--all', 'm'], /not both/],
    [['tag', 'a', 'b@sha256:x'], /The target cannot be used/],
    [['requests', '--include-existing'], /only be used with --follow/],
    [['package', 'x'], /exactly one of --gguf, --safetensors-dir and --from/],
    [['configure', 'm', '--context-size', 'many'], /'many' is invalid.*whole number/],
    [['configure', 'm', '--mode', 'singing'], /Allowed choices are completion/],
    [['bench', 'm', '--duration', 'soon'], /It must be a duration/],
    [['search', '--source', 'nowhere'], /Allowed choices are all, dockerhub, huggingface/],
    [['--host'], /argument missing/],
    [['show', ''], /"" is no name of a model/],
    [['inspect', '../engines/ps'], /"\.\.\/engines\/ps" is no name of a model/],
    [['rm', 'a', '/'], /"\/" is no name of a model/],
    [['run', '', 'hi'], /"" is no name of a model/],
  ])('%j is told in a sentence and ends with 2', async (args, words) => {
    const run = await runLongshore(args);
    expect(run).toMatchObject({ code: 2, out: '' });
    expect(run.error).toMatch(words);
    expect(run.error.trimEnd().split('\n')).toHaveLength(1);
  });

  it('is not to ask for help', async () => {
    for (const args of [[], ['help'], ['--help'], ['help', 'pull'], ['pull', '--help'], ['--version']]) {
      const run = await runLongshore(args);
      expect(run).toMatchObject({ code: 0, error: '' });
      expect(run.out).not.toBe('');
    }
  });
});

describe('a pull', () => {
  it('goes on after the connection was cut', async () => {
    const begun = text(
      200,
      layer(40) + layer(100) + line('success', 'Model pulled successfully'),
      'application/json',
    );
    const server = await serve({ 'POST /models/create': [cut(layer(40)), begun] });
    const run = await ask(server, ['pull', 'm']);
    expect(run).toMatchObject({ code: 0, out: 'Model pulled successfully\n' });
    expect(run.error).toMatch(/Trying again in 1 s \(1 of 4\)/);
    expect(run.error).toMatch(/Downloaded 40\.00B of 100\.00B\n[^]*Downloaded 100\.00B of 100\.00B\n$/);
    expect(server.asked).toHaveLength(2);
  });

  it('goes on after the stream ended without a word', async () => {
    const done = text(200, line('success', 'ok'), 'application/json');
    const server = await serve({ 'POST /models/create': [text(200, layer(1), 'application/json'), done] });
    expect(await ask(server, ['pull', 'm'])).toMatchObject({ code: 0, out: 'ok\n' });
  });

  it('is not begun again when the cluster says that it failed', async () => {
    const failed = layer(40) + line('error', 'Error: Model not found: the registry has no such tag');
    const server = await serve({ 'POST /models/create': text(200, failed, 'application/json') });
    const run = await ask(server, ['pull', 'm']);
    expect(run).toMatchObject({ code: 3, out: '' });
    expect(run.error).toMatch(/\nModel not found: the registry has no such tag\n$/);
    expect(server.asked).toHaveLength(1);
  });

  it('shows what came in place of progress', async () => {
    const server = await serve({ 'POST /models/create': text(200, '<html>\nproxy says no\n', 'text/html') });
    const run = await ask(server, ['pull', 'm']);
    expect(run).toMatchObject({ code: 1, out: '' });
    expect(run.error).toContain('proxy says no');
  });

  it('prints the lines themselves with --json', async () => {
    const server = await serve({
      'POST /models/create': text(200, layer(100) + line('success', 'ok'), 'application/json'),
    });
    const { out } = await ask(server, ['pull', 'm', '--json']);
    expect(out).toBe(layer(100) + line('success', 'ok'));
  });

  it('ends with 130 when it is interrupted, also while it waits for its next try', async () => {
    const waiting: Answer = (response) => void response.write(layer(40));
    const server = await serve({ 'POST /models/create': [cut(layer(1)), waiting] });
    const onOutput: RunOptions['onOutput'] = (_, interruption) => interruption.interrupt();
    expect(await ask(server, ['pull', 'm'], { onOutput })).toMatchObject({ code: 130, out: '' });
  });
});

describe('commands that change much', () => {
  const answers = {
    'POST /engines/unload': json({ unloaded_runners: 0 }),
    'DELETE /models/purge': text(200, ''),
  };

  it.each([
    ['y\n', 0],
    ['YES\n', 0],
    ['n\n', 1],
    ['\n', 1],
    ['', 1],
  ])('purge reads %j and ends with %i', async (stdin, code) => {
    const server = await serve(answers);
    expect(await ask(server, ['purge'], { stdin })).toMatchObject({ code, out: '' });
    expect(server.asked.map(({ url }) => url)).toEqual(
      code === 0 ? ['/engines/unload', '/models/purge'] : [],
    );
  });

  it.each([
    ['is refused for a model that is not there', text(404, 'model not found: m'), 3, ['/models/m']],
    ['is made for one that the key may not see', text(403, 'no'), 0, ['/models/m', '/engines/_configure']],
    ['is made for one that is there', json({ id: 'sha256:1' }), 0, ['/models/m', '/engines/_configure']],
  ])('configure %s', async (_, found, code, asked) => {
    const server = await serve({ 'GET /models/m': found, 'POST /engines/_configure': text(202, '') });
    expect(await ask(server, ['configure', 'm', '--keep-alive', '5m'])).toMatchObject({ code, out: '' });
    expect(server.asked.map(({ url }) => url)).toEqual(asked);
  });

  it('rm goes on with the next model and ends with the code of the first that failed', async () => {
    const server = await serve({
      'DELETE /models/a': text(404, 'model not found'),
      'DELETE /models/b': json([{ Untagged: 'docker.io/ai/b:latest' }, { Deleted: 'sha256:0' }]),
      'DELETE /models/c': text(409, 'unable to delete "c" (must be forced)'),
    });
    const run = await ask(server, ['rm', 'a', 'b', 'c']);
    expect(run).toMatchObject({ code: 3, out: 'Untagged: docker.io/ai/b:latest\nDeleted: sha256:0\n' });
    expect(run.error).toBe('No such model: a\nunable to delete "c" (must be forced)\n');
  });

  it.each(['purge', 'purge/', '/purge'])(
    'rm %s removes a model of this name, not all models',
    async (name) => {
      const server = await serve({ ...answers, 'DELETE /models/purge:latest': json([{ Untagged: 'x' }]) });
      expect(await ask(server, ['rm', name])).toEqual({ code: 0, out: 'Untagged: x\n', error: '' });
      expect(server.asked.map(({ url }) => url)).toEqual(['/models/purge:latest?force=false']);
    },
  );
});

describe('following', () => {
  it('prints each call as it comes, and says when the cluster ends it', async () => {
    const server = await serve({
      'GET /engines/requests': (response) =>
        response
          .writeHead(200, { 'content-type': 'text/event-stream' })
          .end('event: connected\ndata: {}\n\nevent: new_request\ndata: [{"n":1}]\n\n'),
    });
    const run = await ask(server, ['requests', '-f', '--model', 'm']);
    expect(run).toMatchObject({ code: 4, out: '[{"n":1}]\n' });
    expect(server.asked[0]?.url).toBe('/engines/requests?model=m&include_existing=false');
  });

  it('prints the log, and says when the cluster ends one that is followed', async () => {
    const server = await serve({ 'GET /logs': text(200, 'a line\n') });
    expect(await ask(server, ['logs'])).toEqual({ code: 0, out: 'a line\n', error: '' });
    const error = 'The cluster closed the log.\n';
    expect(await ask(server, ['logs', '-f'])).toEqual({ code: 4, out: 'a line\n', error });
  });

  it('bench shows what it has measured when it is interrupted', async () => {
    const server = await serve({
      'GET /models/m': json({ id: 'sha256:1', tags: ['docker.io/ai/m:latest'] }),
      'POST /engines/v1/chat/completions': json({ usage: { completion_tokens: 3 } }),
    });
    const onOutput: RunOptions['onOutput'] = (said, interruption) => {
      if (said.startsWith('Asking 2 ')) interruption.interrupt();
    };
    const words = ['bench', 'm', '--duration', '1ms', '--concurrency', '1,2'];
    const { code, out } = await ask(server, words, { onOutput });
    expect(code).toBe(130);
    expect(out).toMatch(/^CONCURRENCY .*\n1 +[\d.]+ +1\.00x /);
    expect(out.trimEnd().split('\n')).toHaveLength(2);
  });

  it('ends with 130 when it is interrupted', async () => {
    const server = await serve({ 'GET /logs': (response) => void response.write('a line\n') });
    const onOutput: RunOptions['onOutput'] = (_, interruption) => interruption.interrupt();
    expect(await ask(server, ['logs', '-f'], { onOutput })).toEqual({
      code: 130,
      out: 'a line\n',
      error: '',
    });
    expect(server.asked[0]?.url).toBe('/logs?follow=true&no-engines=false');
  });
});

describe('search', () => {
  const hub = json({
    next: null,
    results: [{ name: 'llama3', namespace: 'ai', description: 'd', pull_count: 1200 }],
  });
  const models = json([{ id: 'org/llama', downloads: 2_000_000, tags: ['gguf'] }]);
  const environment = (server: ScriptedServer) => ({
    LONGSHORE_DOCKER_HUB_URL: server.url,
    HF_ENDPOINT: `${server.url}/`,
  });

  it('shows what both hubs have, most used first', async () => {
    const server = await serve({ 'GET /v2/repositories/ai/': hub, 'GET /api/models': models });
    const { code, out } = await runLongshore(['search', 'llama'], { environment: environment(server) });
    expect(code).toBe(0);
    expect(out.split('\n').slice(1, 3)).toEqual([
      expect.stringMatching(/^hf\.co\/org\/llama .*llama\.cpp +2\.0M +0 +HuggingFace$/),
      expect.stringMatching(/^ai\/llama3 +d +unknown +1\.2K +0 +Docker Hub$/),
    ]);
  });

  it('does with one hub when the other fails, and says so', async () => {
    const server = await serve({ 'GET /v2/repositories/ai/': hub, 'GET /api/models': text(429, '') });
    const run = await runLongshore(['search', '--json'], { environment: environment(server) });
    expect(run).toMatchObject({
      code: 0,
      error: expect.stringMatching(/^Hugging Face could not be searched: too many/),
    });
    expect(JSON.parse(run.out)).toHaveLength(1);
  });

  it('fails when no hub answers', async () => {
    const server = await serve({});
    const run = await runLongshore(['search', '--source', 'dockerhub'], { environment: environment(server) });
    expect(run).toMatchObject({
      code: 1,
      out: '',
      error: 'Docker Hub could not be searched: it answered 404.\n',
    });
  });
});
