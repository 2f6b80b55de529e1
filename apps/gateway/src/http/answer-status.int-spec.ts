import { get } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LongshoreError } from '#contracts';
import { sendStubbornly } from '#testing';
import { startFakeGateway, type FakeGateway } from '../__fakes__/start-fake-gateway.js';

let fake: FakeGateway;
beforeAll(async () => {
  fake = await startFakeGateway({ bodyLimit: 1_000 });
});
afterAll(() => fake.gateway.stop(0));

const ask = (method: string, path: string, init: RequestInit = {}): Promise<Response> =>
  fetch(`${fake.url}${path}`, { method, ...init });

const json = (body: unknown, headers: Record<string, string> = {}): RequestInit => ({
  headers: { 'content-type': 'application/json', ...headers },
  body: JSON.stringify(body),
});

describe('a method that a path does not take', () => {
  it.each([
    ['PUT', '/models'],
    ['PATCH', '/models/ai/smollm2'],
    ['POST', '/engines/ps'],
    ['DELETE', '/engines/_configure'],
    ['PUT', '/models/create'],
  ])('is answered like an unknown path: %s %s', async (method, path) => {
    const response = await ask(method, path);
    expect([response.status, await response.text()]).toEqual([404, 'not found\n']);
    expect(response.headers.get('allow')).toBeNull();
  });

  it.each([
    ['GET', '/responses', 'POST'],
    ['POST', '/v1/responses/resp_1', 'DELETE, GET, HEAD'],
    ['PUT', '/engines/llama.cpp/v1/responses', 'POST'],
    ['POST', '/logs', 'GET, HEAD'],
    ['POST', '/metrics', 'GET, HEAD'],
    ['DELETE', '/health/live', 'GET, HEAD'],
    ['PUT', '/openapi.json', 'GET, HEAD'],
  ])('is named with those that are: %s %s', async (method, path, allowed) => {
    const response = await ask(method, path);
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe(allowed);
  });

  it('is not looked for at a path that is not there', async () => {
    const response = await ask('POST', '/nothing');
    expect([response.status, await response.text()]).toEqual([404, '404 page not found\n']);
  });
});

it('reads paths with dots in them as what they lead to', async () => {
  const status = await new Promise<number | undefined>((resolve, reject) => {
    // Not fetch, which cleans paths itself.
    get(`${fake.url}/`, { path: '//engines/./v1/../../models/./ai/smollm2' }, (response) => {
      response.resume();
      resolve(response.statusCode);
    }).on('error', reject);
  });
  expect(status).toBe(200);
});

describe('a body that is too large', () => {
  const large = json({ model: 'x'.repeat(2_000) });

  it.each([
    ['/engines/unload', 400, 'request too large\n'],
    ['/engines/_configure', 400, 'request too large\n'],
    ['/engines/v1/chat/completions', 400, /request_too_large/],
    ['/responses', 413, /request_too_large/],
    ['/engines/v1/responses', 413, /request_too_large/],
  ])('is refused at %s with %d', async (path, status, text) => {
    const response = await ask('POST', path, large);
    expect(response.status).toBe(status);
    expect(await response.text()).toMatch(text);
  });

  it.each([false, true])(
    'is refused so that the client reads it, also one that sends all before it reads; chunked: %s',
    async (chunked) => {
      const answer = await sendStubbornly({
        url: `${fake.url}/v1/responses`,
        headers: { 'content-type': 'application/json' },
        megabytes: 8,
        chunked,
      });
      expect(answer).toMatch(/^HTTP\/1\.1 413 [^]*request_too_large/);
    },
  );
});

it("tells the Model Runner's command line why it cannot be served now with a status of which it prints the reason", async () => {
  fake.cluster.completions.respond = async () => {
    throw new LongshoreError('no_worker', 'No worker is alive.');
  };
  const call = (headers = {}) =>
    ask('POST', '/engines/v1/chat/completions', json({ model: 'smollm2', stream: true }, headers));
  expect((await call()).status).toBe(503);
  const response = await call({ 'user-agent': 'docker-model-cli/v1.2.6' });
  expect(response.status).toBe(502);
  expect(await response.text()).toContain('No worker is alive.');
});

it.each(['/v1/images/generations', '/engines/v1/images/generations', '/engines/vllm/v1/images/generations'])(
  'says by name that nobody makes images at %s',
  async (path) => {
    const response = await ask('POST', path, json({ model: 'smollm2', prompt: 'a cat' }));
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({
      error: {
        message: expect.stringMatching(
          /^images\/generations is not served: none of the engines makes images/,
        ),
      },
    });
  },
);

it('does not know the engine of images elsewhere', async () => {
  const response = await ask('POST', '/engines/diffusers/v1/images/generations', json({}));
  expect(await response.json()).toMatchObject({ error: { code: 'unknown_engine' } });
});
