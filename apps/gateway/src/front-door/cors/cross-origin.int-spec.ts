import { afterEach, describe, expect, it } from 'vitest';
import { openRequest } from '#testing';
import { eventStream, jsonResponse } from '../../__fakes__/fake-completions.js';
import { type FakeGateway, startFakeGateway } from '../../__fakes__/start-fake-gateway.js';

const CHAT = { model: 'ai/smollm2', messages: [] };

describe('requests from web pages', () => {
  const running: FakeGateway[] = [];
  const start = async (origins: readonly string[] = []): Promise<FakeGateway> => {
    const fake = await startFakeGateway({ origins });
    running.push(fake);
    return fake;
  };
  const ask = async (url: string, origin: string, options: { method?: string; body?: unknown } = {}) => {
    const headers = { origin, 'access-control-request-headers': 'authorization,x-stainless-os' };
    const answer = await openRequest({ url, headers, ...options });
    return { status: answer.status, headers: answer.headers, text: (await answer.whole()).toString() };
  };
  afterEach(async () => {
    await Promise.all(running.splice(0).map(({ gateway }) => gateway.stop(0)));
  });

  it.each([
    'http://localhost',
    'http://localhost:3000',
    'https://localhost:8443',
    'http://127.0.0.1:5173',
    'https://0.0.0.0:1',
    'HTTP://LocalHost:3000',
  ])('lets a page of this machine ask: %s', async (origin) => {
    const { url } = await start();
    const { status, headers } = await ask(`${url}/models`, origin);
    expect(status).toBe(200);
    expect(headers['access-control-allow-origin']).toBe(origin);
    expect(headers.vary).toBe('Origin');
  });

  it.each([
    '/models',
    '/models/create',
    '/engines/ps',
    '/engines/status',
    '/v1/models',
    '/v1/chat/completions',
    '/responses/x',
    '/api/tags',
    '/anthropic/v1/messages',
    '/nowhere',
    '/v1/%zz',
    '//models',
    '/k/anything/models',
  ])('refuses pages of other origins at %s, with every method', async (path) => {
    const { url, cluster } = await start();
    for (const method of ['GET', 'POST', 'OPTIONS', 'DELETE']) {
      const body = method === 'POST' ? CHAT : undefined;
      const answer = await ask(`${url}${path}`, 'https://evil.example', { method, body });
      expect([answer.status, answer.text]).toEqual([403, 'Origin not allowed\n']);
      expect(answer.headers['access-control-allow-origin']).toBeUndefined();
    }
    expect(cluster.completions.requests).toEqual([]);
  });

  it.each(['/', '/version', '/metrics', '/health/live'])(
    'does not ask at %s whose page it is',
    async (path) => {
      const { url } = await start();
      const { status, headers } = await ask(`${url}${path}`, 'https://evil.example');
      expect(status).toBe(200);
      expect(headers['access-control-allow-origin']).toBeUndefined();
    },
  );

  it('answers the question of a browser for everything that the routes take', async () => {
    const { url } = await start();
    const { status, headers } = await ask(`${url}/v1/chat/completions`, 'http://localhost:3000', {
      method: 'OPTIONS',
    });
    expect(status).toBe(204);
    expect(headers).toMatchObject({
      'access-control-allow-origin': 'http://localhost:3000',
      'access-control-allow-credentials': 'true',
      'access-control-allow-methods': 'GET, POST, DELETE',
    });
    const allowed = String(headers['access-control-allow-headers']).split(', ');
    expect(allowed).toEqual(expect.arrayContaining(['Authorization', 'x-api-key', 'Content-Type']));
    expect(allowed).toContain('x-stainless-os');
    expect(allowed).not.toContain('*');
  });

  it('leaves OPTIONS without an origin to the routes', async () => {
    const { url } = await start();
    expect((await openRequest({ url: `${url}/models`, method: 'OPTIONS' })).status).toBe(404);
  });

  it('lets all pages ask when the operator says *, and pages of a named host on any port', async () => {
    const all = await start(['https://chat.example', '*']);
    expect((await ask(`${all.url}/models`, 'https://evil.example')).status).toBe(200);
    expect((await ask(`${all.url}/models`, 'null')).status).toBe(200);

    const some = await start(['https://chat.example/', 'http://intranet:*', 'app://obsidian.md']);
    const statusFor = async (origin: string) => (await ask(`${some.url}/models`, origin)).status;
    for (const origin of [
      'https://chat.example',
      'http://intranet:81',
      'http://intranet',
      'app://obsidian.md',
    ])
      expect(await statusFor(origin)).toBe(200);
    for (const origin of [
      'https://chat.example:444',
      'http://chat.example',
      'http://intranet.evil.example',
      'http://intranet:81.evil.example',
      'http://localhost.evil.example:80',
      'null',
    ])
      expect(await statusFor(origin)).toBe(403);
  });

  it('lets pages read streams, early heads and failures', async () => {
    const { url, cluster } = await start();
    const origin = 'http://localhost:3000';
    cluster.completions.respond = async () => eventStream(['data: {}\n\n', 'data: [DONE]\n\n']);
    const body = { ...CHAT, stream: true };
    const stream = await ask(`${url}/v1/chat/completions`, origin, { body });
    expect(stream.text).toContain('[DONE]');
    cluster.completions.respond = async () => jsonResponse('{}');
    const whole = await ask(`${url}/v1/chat/completions`, origin, { body: CHAT });
    const refused = await ask(`${url}/v1/chat/completions`, origin, { body: { ...CHAT, model: 'none' } });
    expect(refused.status).toBe(404);
    const unread = await ask(`${url}/v1/chat/completions`, origin, { body: 'no JSON' });
    expect(unread.status).toBe(400);
    for (const { headers } of [stream, whole, refused, unread]) {
      expect(headers['access-control-allow-origin']).toBe(origin);
      expect(headers.vary).toBe('Origin');
      expect(String(headers['access-control-expose-headers']).split(', ')).toEqual(
        expect.arrayContaining(['x-longshore-request', 'x-request-id', 'retry-after']),
      );
    }
  });
});
