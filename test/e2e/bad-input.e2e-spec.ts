import { beforeAll, describe, expect, it } from 'vitest';
import {
  askChat,
  eventually,
  fixtureModel,
  openRequest,
  publishModel,
  pullModelThrough,
  requestJson,
  SCRIPTS,
  streamChat,
} from '#testing';
import { enginesOf } from './support/engines.js';
import { useCluster } from './support/use-cluster.js';

const BODY_LIMIT = 64 * 1024;
const PREFIXES = ['/v1', '/engines/v1', '/engines/llama.cpp/v1'];
const CALLS = ['chat/completions', 'completions', 'embeddings'];

const shared = useCluster({
  gateways: 1,
  workers: 1,
  engine: 'llama-server',
  gatewayEnvironment: { LONGSHORE_BODY_LIMIT: `${BODY_LIMIT}` },
  workerEnvironment: { LONGSHORE_KEEP_ALIVE: '1s' },
});

let url = '';
let model = '';
beforeAll(async () => {
  url = shared.cluster.gateway().url;
  model = (await shared.pulled('scripted')).reference;
});

/** The answer to a management request. */
async function plain(path: string, body: unknown, method = 'POST') {
  const response = await openRequest({ url: `${url}${path}`, method, body });
  return {
    status: response.status,
    text: (await response.whole()).toString(),
    type: response.headers['content-type'],
  };
}

describe.each(PREFIXES.flatMap((prefix) => CALLS.map((call) => `${prefix}/${call}`)))('%s', (path) => {
  it.each([
    ['malformed JSON', '{"model": ', 400, 'invalid_request'],
    ['no model', { messages: [] }, 400, 'model_required'],
    ['a model that is no name', { model: 7 }, 400, 'invalid_request'],
    ['a stream that is no choice', { model: 'm', stream: 'yes' }, 400, 'invalid_request'],
    ['an unknown model', { model: 'nobody/knows:this' }, 404, 'model_not_found'],
    ['too much', { model: 'm', pad: 'x'.repeat(BODY_LIMIT) }, 400, 'request_too_large'],
  ])('answers %s with an OpenAI error', async (_what, body, status, code) => {
    const answer = await requestJson({ url: `${url}${path}`, body });
    expect(answer).toMatchObject({
      status,
      json: { error: { code, type: 'invalid_request_error', message: expect.stringMatching(/\S \S/) } },
    });
  });
});

describe('the inference routes', () => {
  it('answer what is not JSON by its type, and what is not there', async () => {
    const headers = { 'content-type': 'text/html' };
    const typed = await requestJson({ url: `${url}/v1/chat/completions`, body: '{}', headers });
    expect(typed).toMatchObject({ status: 415, json: { error: { code: 'unsupported_media_type' } } });
    const unknown = await requestJson({ url: `${url}/v1/no/such/thing`, body: {} });
    expect(unknown).toMatchObject({ status: 404, json: { error: { code: 'unknown_route' } } });
    const engine = await requestJson({ url: `${url}/engines/steam/v1/chat/completions`, body: { model } });
    expect(engine).toMatchObject({ status: 404, json: { error: { code: 'unknown_engine' } } });
    const other = await requestJson({ url: `${url}/engines/vllm/v1/chat/completions`, body: { model } });
    expect(other).toMatchObject({ status: 404, json: { error: { code: 'no_capable_worker' } } });
  });

  it("leave the engine's own parameters to the engine: unknown ones pass, wrong ones get its answer", async () => {
    const chat = { model, prompt: SCRIPTS.say.prompt };
    const unknown = await askChat(url, { ...chat, parameters: { no_such_parameter: { deep: [1] } } });
    expect(unknown).toMatchObject({ status: 200, text: SCRIPTS.say.text });
    const body = { model, messages: 'not a list' };
    const wrong = await requestJson({ url: `${url}/v1/chat/completions`, body });
    expect(wrong.status).toBe(400);
    expect(wrong.json).toMatchObject({ error: { message: expect.stringContaining('messages') } });
  });

  it('tell that a prompt is larger than the context', async () => {
    const prompt = 'word '.repeat(10_000);
    const { status, json } = await askChat(url, { model, prompt });
    expect(status).toBe(400);
    expect(json).toMatchObject({ error: { message: expect.stringMatching(/context/) } });
  });

  it('tell that a chat model does not embed', async () => {
    const { status, json } = await requestJson({ url: `${url}/v1/embeddings`, body: { model, input: 'a' } });
    expect(status).toBe(400);
    expect(json).toMatchObject({ error: { message: expect.stringMatching(/pooling/i) } });
  });
});

describe('the management routes', () => {
  it.each([
    ['/models/create', '{"from"', 400],
    ['/models/create', {}, 400],
    ['/models/create', { from: 'UPPER CASE!' }, 400],
    ['/no/such/thing', {}, 404],
  ])('answer %s with %j in plain text with %i', async (path, body, status) => {
    const answer = await plain(path, body);
    expect(answer.status).toBe(status);
    expect(answer.type).toMatch(/^text\/plain/);
    expect(answer.text).toMatch(/\S \S.*\n$/);
  });

  it('answer for models that are not there with 404', async () => {
    expect(await plain('/models/nobody/knows:this', undefined, 'GET')).toMatchObject({ status: 404 });
    expect(await plain('/models/nobody/knows:this', undefined, 'DELETE')).toMatchObject({ status: 404 });
    const { status, text } = await pullModelThrough(url, `${shared.registry.host}/nobody/knows:this`);
    expect({ status, text }).toEqual({ status: 404, text: 'Model not found\n' });
  });
});

describe('a model file that no engine can load', () => {
  it('gets a sentence, and the worker lives', async () => {
    const file = await fixtureModel('corrupt');
    const { reference } = await publishModel({ registry: shared.registry, name: 'corrupt/model:1', file });
    await pullModelThrough(url, reference);
    for (const stream of [true, false]) {
      const parameters = { stream };
      const { status, json } = await askChat(url, { model: reference, prompt: 'Hello', parameters });
      expect(status).toBe(500);
      expect(json).toMatchObject({
        error: {
          code: 'load_failed',
          message: expect.stringMatching(/^unable to load runner: \S+ \S+/),
        },
      });
    }
    expect(shared.cluster.worker().alive).toBe(true);
    const chat = await streamChat(url, { model, prompt: SCRIPTS.say.prompt });
    expect(chat.text).toBe(SCRIPTS.say.text);
  });
});

describe('an idle model', () => {
  it('is unloaded, and loaded again when it is asked for', async () => {
    const chat = { model, prompt: SCRIPTS.say.prompt };
    expect((await streamChat(url, chat)).text).toBe(SCRIPTS.say.text);
    expect(enginesOf(shared.cluster.worker()).length).toBeGreaterThan(0);
    await eventually(
      () => enginesOf(shared.cluster.worker()),
      (engines) => engines.length === 0,
      {
        what: 'the engine to end',
      },
    );
    expect((await streamChat(url, chat)).text).toBe(SCRIPTS.say.text);
  });

  it('is not unloaded while it answers for longer than it may be idle', async () => {
    const parameters = { max_tokens: 3_000 };
    const chat = await streamChat(url, { model, prompt: SCRIPTS.loop.prompt, parameters });
    expect(chat.text).toBe(SCRIPTS.loop.textOf(3_000));
  });
});

describe('a cluster without a worker', () => {
  it('answers with 503 and says so', async () => {
    await shared.cluster.worker().stop();
    const chat = await askChat(url, { model, prompt: 'Hello' });
    expect(chat).toMatchObject({ status: 503, json: { error: { code: 'no_worker', type: 'server_error' } } });
    const { status, text } = await pullModelThrough(url, model);
    expect(status).toBe(503);
    expect(text).toMatch(/No worker is alive/);
    expect((await openRequest({ url: `${url}/health/ready` })).status).toBe(503);
    expect((await openRequest({ url: `${url}/health/live` })).status).toBe(200);
    expect((await requestJson({ url: `${url}/v1/models` })).json).toMatchObject({ data: expect.any(Array) });
  });

  it('answers again once there is one', async () => {
    await shared.cluster.addWorker();
    const chat = await streamChat(url, { model, prompt: SCRIPTS.say.prompt });
    expect(chat.text).toBe(SCRIPTS.say.text);
  });
});
