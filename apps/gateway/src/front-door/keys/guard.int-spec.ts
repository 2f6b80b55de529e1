import { beforeEach, describe, expect, it } from 'vitest';
import { openRequest, requestJson } from '#testing';
import { SMOLLM } from '../../__fakes__/fake-models.js';
import { type FakeGateway, startFakeGateway } from '../../__fakes__/start-fake-gateway.js';
import { RouteMethods } from '../../http/route-methods.js';
import { ADMIN, type Asked, CHAT, useGuardedGateway } from './__fixtures__/use-guarded-gateway.js';
import { ruleOf } from './route-rules.js';

const OTHER = { ...SMOLLM, id: `sha256:${'b'.repeat(64)}`, tags: ['docker.io/other/secret:latest'] };

describe('the guard', () => {
  const guarded = useGuardedGateway([SMOLLM, OTHER]);
  const { ask, create } = guarded;
  let fake: FakeGateway;
  beforeEach(() => {
    fake = guarded.fake;
  });

  it('has a rule for every route there is', async () => {
    const unknown = fake.gateway.app
      .get(RouteMethods)
      .list()
      .filter(({ method, path }) => ruleOf(method, path) === undefined);
    expect(unknown).toEqual([]);
  });

  it('serves to everybody only what says nothing of the cluster', async () => {
    const open = fake.gateway.app
      .get(RouteMethods)
      .list()
      .filter(({ method, path }) => ruleOf(method, path)?.needs === 'nothing')
      .map(({ path }) => path);
    const expected = [
      '/',
      '/version',
      '/health/live',
      '/health/accepting',
      '/health/ready',
      '/engines/status',
      '/openapi.json',
    ];
    expect(new Set(open.filter((path) => path !== '/api/version'))).toEqual(new Set(expected));
    for (const path of ['/', '/version', '/health/live', '/engines/status'])
      expect((await ask(path)).status).toBe(200);
  });

  it('is described as it is: the same routes are open in the OpenAPI document', async () => {
    const { text } = await ask('/openapi.json');
    const { paths } = JSON.parse(text) as {
      paths: Record<string, Record<string, { security?: readonly unknown[] }>>;
    };
    const described = Object.entries(paths).flatMap(([path, operations]) =>
      Object.values(operations).some(({ security }) => security?.length === 0) ? [path] : [],
    );
    const open = fake.gateway.app
      .get(RouteMethods)
      .list()
      .filter(({ method, path }) => ruleOf(method, path)?.needs === 'nothing');
    expect(new Set(described)).toEqual(new Set(open.map(({ path }) => path)));
  });

  it('refuses every other route without a key, before it reads the body', async () => {
    const closed = fake.gateway.app
      .get(RouteMethods)
      .list()
      .filter(({ method, path }) => ruleOf(method, path)?.needs !== 'nothing' && method !== 'OPTIONS');
    expect(closed.length).toBeGreaterThan(30);
    for (const { method, path } of closed) {
      const url = path.replaceAll(/:\w+|\*/g, 'x');
      const body = method === 'POST' ? { model: 'ai/smollm2' } : undefined;
      const { status, headers } = await ask(url, { method, body });
      expect([method, path, status]).toEqual([method, path, 401]);
      expect(headers['www-authenticate']).toBe('Bearer realm="longshore"');
    }
    expect(fake.cluster.completions.requests).toEqual([]);
    expect((await ask('/nowhere')).status).toBe(401);
    expect((await ask('/nowhere', { key: ADMIN })).status).toBe(404);
  });

  it('says so in the words of the path', async () => {
    const openai = await ask('/v1/chat/completions', { key: 'wrong', body: CHAT });
    expect(JSON.parse(openai.text)).toMatchObject({
      error: { type: 'authentication_error', code: 'invalid_api_key' },
    });
    expect(openai.headers['www-authenticate']).toContain('error="invalid_token"');
    const plain = await ask('/models');
    expect(plain.headers['content-type']).toMatch(/^text\/plain/);
    expect(plain.text).toMatch(/^An API key is needed/);
  });

  it('takes a key by each of the ways that clients have', async () => {
    const key = await create({});
    const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;
    const ways: readonly Asked[] = [
      { headers: { authorization: `Bearer ${key}` } },
      { headers: { authorization: `bearer  ${key}` } },
      { headers: { 'x-api-key': key } },
      { headers: { 'x-api-key': key, authorization: 'Bearer made-up' } },
      { headers: { authorization: basic(`anybody:${key}`) } },
      { headers: { authorization: basic(`${key}:`) } },
      { headers: { authorization: basic(key) } },
    ];
    for (const way of ways) expect([way, (await ask('/v1/models', way)).status]).toEqual([way, 200]);
    for (const path of [`/k/${key}/v1/models`, `//k/${key}//v1/models`, `/k/${ADMIN}/models`])
      expect((await ask(path)).status).toBe(200);
    expect((await ask(`/k/${key}x/v1/models`)).status).toBe(401);
    expect((await ask(`/k/${key}`)).text).toBe('Docker Model Runner is running');
  });

  it('keeps keys out of its log, its answers and what the cluster is given', async () => {
    const key = await create({});
    fake.cluster.completions.respond = () => Promise.reject(new TypeError('a fault'));
    const paths = [`/k/${key}/v1/chat/completions`, `/k/${key}/v1/%zz`, `/k/${key}/nowhere`];
    for (const path of paths) {
      const { text } = await ask(path, { body: CHAT });
      expect(text).not.toContain(key);
    }
    expect(fake.log.length).toBeGreaterThan(0);
    expect(fake.log.join('\n')).not.toContain(key);
    expect(JSON.stringify(fake.cluster.completions.requests)).not.toContain(key);
    expect(JSON.stringify([...fake.cluster.keys.kept])).not.toContain(key);
  });

  it('knows one key as one caller, however it is sent', async () => {
    const key = await create({});
    const idempotent = { 'idempotency-key': 'k1' };
    await ask('/v1/chat/completions', { key, headers: idempotent, body: CHAT });
    await ask('/v1/chat/completions', { headers: { ...idempotent, 'x-api-key': key }, body: CHAT });
    await ask(`/k/${key}/v1/chat/completions`, { headers: idempotent, body: CHAT });
    const other = await create({});
    await ask('/v1/chat/completions', { key: other, headers: idempotent, body: CHAT });
    const keys = fake.cluster.completions.requests.map(({ resumption }) => resumption?.key);
    expect(keys[0]).toEqual(expect.any(String));
    expect(keys).toEqual([keys[0], keys[0], keys[0], expect.any(String)]);
    expect(keys[3]).not.toBe(keys[0]);
  });

  it('lets keys do what their scopes say', async () => {
    const inference = await create({});
    const models = await create({ scopes: ['models'] });
    const admin = await create({ scopes: ['admin'] });
    const statusOf = async (path: string, options: Asked) => (await ask(path, options)).status;
    const chat = { body: CHAT };
    expect(await statusOf('/v1/chat/completions', { key: inference, ...chat })).toBe(200);
    expect(await statusOf('/models/purge', { key: inference, method: 'DELETE' })).toBe(403);
    expect(await statusOf('/logs', { key: inference })).toBe(403);
    expect(await statusOf('/metrics', { key: inference })).toBe(200);
    expect(await statusOf('/v1/chat/completions', { key: models, ...chat })).toBe(403);
    expect(await statusOf('/engines/unload', { key: models, body: { all: true } })).toBe(200);
    expect(await statusOf('/metrics', { key: models })).toBe(200);
    expect(await statusOf('/keys', { key: models })).toBe(403);
    expect(await statusOf('/keys', { key: admin })).toBe(200);
    expect(await statusOf('/v1/chat/completions', { key: admin, ...chat })).toBe(200);
    const refused = await ask('/models/purge', { key: inference, method: 'DELETE' });
    expect(refused.text).toContain('lacks the scope "models"');
  });

  it('tells a key once, lists it without, and takes it back', async () => {
    const key = await create({
      name: 'chat page',
      models: ['ai/*'],
      tokens_per_minute: 100,
      expires_in: '24h',
    });
    const { text } = await ask('/keys', { key: ADMIN });
    expect(text).not.toContain(key);
    const [listed] = (JSON.parse(text) as { data: { id: string }[] }).data;
    expect(listed).toMatchObject({
      object: 'api_key',
      name: 'chat page',
      scopes: ['inference'],
      models: ['ai/*'],
      requests_per_minute: null,
      tokens_per_minute: 100,
      last_used: null,
    });
    expect((await ask('/v1/models', { key })).status).toBe(200);
    expect((await ask('/keys', { key: ADMIN })).text).not.toContain('"last_used":null');
    const id = listed?.id ?? '';
    expect((await ask(`/keys/${id}`, { key: ADMIN, method: 'DELETE' })).status).toBe(200);
    expect((await ask('/v1/models', { key })).status).toBe(401);
    expect((await ask(`/keys/${id}`, { key: ADMIN, method: 'DELETE' })).status).toBe(404);
  });

  it.each([
    ['', 'JSON object'],
    ['[]', 'JSON object'],
    ['{}', 'name'],
    ['{"name":"a","scopes":["root"]}', 'scopes'],
    ['{"name":"a","scopes":[]}', 'scopes'],
    ['{"name":"a","models":[]}', 'models'],
    ['{"name":"a","models":["a b"]}', 'models'],
    ['{"name":"a","requests_per_minute":0}', 'requests_per_minute'],
    ['{"name":"a","tokens_per_minute":1.5}', 'tokens_per_minute'],
    ['{"name":"a","expires_in":"soon"}', 'expires_in'],
    ['{"name":"a","expires_in":-1}', 'expires_in'],
    ['{"name":"a","__proto__":{"scopes":["admin"]}}', '__proto__'],
    ['{"name":"a","scope":"admin"}', 'scope'],
  ])('makes no key out of %s', async (body, word) => {
    const { status, text } = await ask('/keys', { key: ADMIN, method: 'POST', body });
    expect(status).toBe(400);
    expect(text).toContain(word);
    expect(fake.cluster.keys.kept.size).toBe(0);
  });

  it('refuses a key that has expired', async () => {
    const key = await create({ expires_in: 0.001 });
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect((await ask('/v1/models', { key })).status).toBe(401);
  });

  it('asks Redis nothing for what cannot be a key', async () => {
    for (const key of ['lsk_short', `lsk_${'!'.repeat(43)}`, 'sk-made-up', ADMIN])
      await ask('/v1/models', { key });
    expect(fake.cluster.keys.asked).toEqual([]);
  });

  it('shows and serves a key its models only, however they are named', async () => {
    const key = await create({ scopes: ['inference', 'models'], models: ['ai/*'] });
    const statusOf = async (path: string, options: Asked = {}) =>
      (await ask(path, { key, ...options })).status;
    const lists = [
      '/models',
      '/v1/models',
      '/engines/llama.cpp/v1/models',
      '/anthropic/v1/models',
      '/api/tags',
    ];
    for (const path of lists) {
      const { text } = await ask(path, { key });
      expect(text).toContain('ai/smollm2');
      expect(text).not.toContain('secret');
      expect((await ask(path, { key: ADMIN })).text).toContain('secret');
    }
    const allowed = [
      'ai/smollm2',
      'smollm2',
      'docker.io/ai/smollm2:latest',
      SMOLLM.id,
      SMOLLM.id.slice(7, 19),
    ];
    const others = ['other/secret', 'docker.io/other/secret:latest', OTHER.id, OTHER.id.slice(7, 19), 'x/y'];
    for (const model of allowed) {
      expect([model, await statusOf('/v1/chat/completions', { body: { ...CHAT, model } })]).toEqual([
        model,
        200,
      ]);
      expect([model, await statusOf(`/models/${model}`)]).toEqual([model, 200]);
    }
    for (const model of [...others, 'secret']) {
      const preload = { 'x-preload-only': 'true' };
      expect([model, await statusOf('/v1/embeddings', { body: { ...CHAT, model } })]).toEqual([model, 403]);
      expect([model, await statusOf('/v1/messages', { body: { ...CHAT, model, max_tokens: 9 } })]).toEqual([
        model,
        403,
      ]);
      expect([model, await statusOf('/api/chat', { body: { ...CHAT, model } })]).toEqual([model, 403]);
      expect([model, await statusOf('/api/chat', { body: { ...CHAT, model: '', name: model } })]).toEqual([
        model,
        403,
      ]);
      expect([model, await statusOf('/api/show', { body: { model } })]).toEqual([model, 403]);
      expect([model, await statusOf('/v1/rerank', { body: { ...CHAT, model } })]).toEqual([model, 403]);
      expect([model, await statusOf('/responses', { body: { model, input: 'x' } })]).toEqual([model, 403]);
      expect(await statusOf('/v1/completions', { headers: preload, body: { ...CHAT, model } })).toBe(403);
      expect([model, await statusOf(`/models/${model}`)]).toEqual([model, 403]);
      expect([model, await statusOf(`/models/${model}/export`)]).toEqual([model, 403]);
      expect([model, await statusOf(`/v1/models/${model}`)]).toEqual([model, 403]);
      expect([model, await statusOf(`/models/${model}`, { method: 'DELETE' })]).toEqual([model, 403]);
      expect(await statusOf('/engines/unload', { body: { models: ['ai/smollm2', model] } })).toBe(403);
      expect(await statusOf('/engines/_configure', { body: { model, 'context-size': 9 } })).toBe(403);
      expect([model, await statusOf(`/engines/_configure?model=${model}`)]).toEqual([model, 403]);
    }
    const post = { method: 'POST' };
    expect(await statusOf('/models/other/secret/tag?repo=ai/mine&tag=1', post)).toBe(403);
    expect(await statusOf('/models/ai/smollm2/tag?repo=other/secret&tag=1', post)).toBe(403);
    expect(await statusOf('/models/ai/smollm2/tag?repo=ai/mine&tag=1', post)).toBe(201);
    expect(await statusOf('/models/create', { body: { from: 'other/more' } })).toBe(403);
    expect(await statusOf('/models/create?from=other/more', { method: 'DELETE' })).toBe(403);
    expect(await statusOf('/models/purge', { method: 'DELETE' })).toBe(403);
    expect(await statusOf('/engines/unload', { body: { all: true } })).toBe(403);
    expect(await statusOf('/engines/unload', { body: { all: true, models: ['ai/smollm2'] } })).toBe(403);
    expect(await statusOf('/engines/_configure')).toBe(403);
    expect(fake.cluster.control.sent.filter(({ kind }) => kind !== 'configure')).toEqual([]);
  });

  it('takes the last of repeated members, as engines do, when it looks for the model', async () => {
    const key = await create({ models: ['ai/*'] });
    const body = '{"model":"ai/smollm2","mod\\u0065l":"other/secret","messages":[]}';
    expect((await ask('/v1/chat/completions', { key, body })).status).toBe(403);
  });

  it('closes the connection of who would send much and may not', async () => {
    const headers = { 'content-length': '999999999', 'content-type': 'application/x-tar' };
    const refused = await openRequest({ url: `${fake.url}/models/load`, method: 'POST', headers, body: 'x' });
    expect(refused.status).toBe(401);
    expect(refused.headers.connection).toBe('close');
    refused.hangUp();
  });

  it('needs no key where none is set, and then has none', async () => {
    const open = await startFakeGateway();
    try {
      const wrong = { authorization: 'Bearer wrong' };
      const { status } = await requestJson({ url: `${open.url}/v1/models`, headers: wrong });
      expect(status).toBe(200);
      expect((await openRequest({ url: `${open.url}/k/any/models` })).status).toBe(200);
      const made = await openRequest({ url: `${open.url}/keys`, body: { name: 'a' } });
      expect(made.status).toBe(404);
      expect((await made.whole()).toString()).toContain('LONGSHORE_ADMIN_KEY');
    } finally {
      await open.gateway.stop(0);
    }
  });
});
