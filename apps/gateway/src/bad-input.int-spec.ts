import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import supertest from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventStream } from './__fakes__/fake-completions.js';
import { startFakeGateway, type FakeGateway } from './__fakes__/start-fake-gateway.js';

const BODY_LIMIT = 64 * 1024;

let fake: FakeGateway;
beforeAll(async () => (fake = await startFakeGateway({ bodyLimit: BODY_LIMIT })));
afterAll(() => fake?.gateway.stop(0));

const api = () => supertest(fake.url);
const post = (path: string, body: string, type = 'application/json') =>
  api().post(path).set('content-type', type).send(body);

/** Sends bytes as they are, for requests that no HTTP client would send, and returns what comes back. */
async function exchange(bytes: string | Buffer): Promise<string> {
  const socket = connect(fake.port, '127.0.0.1');
  socket.write(bytes);
  return text(socket);
}

const CHAT = '/v1/chat/completions';
const INFERENCE_PATHS = ['', '/engines', '/engines/llama.cpp'].flatMap((prefix) =>
  ['chat/completions', 'completions', 'embeddings'].map((call) => `${prefix}/v1/${call}`),
);

describe('an inference body that cannot be used', () => {
  it.each(INFERENCE_PATHS)('gets an OpenAI error object at %s', async (path) => {
    const response = await post(path, '{"messages":[]}')
      .expect(400)
      .expect('content-type', /application\/json/);
    expect(response.body).toEqual({
      error: {
        message: 'model is required',
        type: 'invalid_request_error',
        param: 'model',
        code: 'model_required',
      },
    });
  });

  it.each([
    ['malformed JSON', '{"model":', 'invalid_request', /not valid JSON/],
    ['an empty body', '', 'invalid_request', /empty/],
    ['blanks', '  \n', 'invalid_request', /empty/],
    ['an array', '[]', 'invalid_request', /not an array/],
    ['null', 'null', 'invalid_request', /not null/],
    ['a string', '"model"', 'invalid_request', /not a string/],
    ['an empty model', '{"model":""}', 'model_required', /model is required/],
    ['a null model', '{"model":null}', 'model_required', /model is required/],
    ['a number for a model', '{"model":7}', 'invalid_request', /"model" must be a string/],
    ['an array for a model', '{"model":["a"]}', 'invalid_request', /"model" must be a string/],
    ['an endless model', `{"model":"${'a'.repeat(2_000)}"}`, 'invalid_request', /longer than 1024/],
    ['a word for stream', '{"model":"a","stream":"yes"}', 'invalid_request', /"stream" must be/],
    ['a number for stream', '{"model":"a","stream":1}', 'invalid_request', /"stream" must be/],
    ['deeply nested JSON', `${'['.repeat(30_000)}${']'.repeat(30_000)}`, 'invalid_request', /array/],
    [
      'a deep member',
      `{"model":"smollm2","tools":${'['.repeat(300)}${']'.repeat(300)}}`,
      'invalid_request',
      /nested more than 256/,
    ],
    ['unclosed deep JSON', '{"a":'.repeat(10_000), 'invalid_request', /not valid JSON/],
  ])('is refused: %s', async (_what, body, code, message) => {
    const response = await post(CHAT, body).expect(400);
    expect(response.body).toMatchObject({ error: { code, message: expect.stringMatching(message) } });
  });

  it('is refused when it is not UTF-8', async () => {
    const bytes = Buffer.concat([Buffer.from('{"model":"'), Buffer.from([0xff, 0xfe]), Buffer.from('"}')]);
    const { host } = new URL(fake.url);
    const answer = await exchange(
      Buffer.concat([
        Buffer.from(
          `POST ${CHAT} HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\n` +
            `Content-Length: ${bytes.length}\r\nConnection: close\r\n\r\n`,
        ),
        bytes,
      ]),
    );
    expect(answer).toMatch(/^HTTP\/1.1 400 /);
    expect(answer).toContain('not UTF-8');
  });

  it('is refused over the limit, whether it says its length or not', async () => {
    const large = JSON.stringify({ model: 'smollm2', pad: 'x'.repeat(BODY_LIMIT) });
    const declared = await post(CHAT, large).expect(400);
    expect(declared.body).toMatchObject({ error: { code: 'request_too_large' } });
    const chunked = await fetch(`${fake.url}${CHAT}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: new Blob([large]).stream(),
      duplex: 'half',
    });
    expect(chunked.status).toBe(400);
    expect(await chunked.json()).toMatchObject({ error: { code: 'request_too_large' } });
    await post('/models/create', large).expect(400, 'request too large\n');
  });

  it('passes at exactly the limit', async () => {
    const frame = JSON.stringify({ model: 'smollm2', pad: '' });
    const body = JSON.stringify({ model: 'smollm2', pad: 'x'.repeat(BODY_LIMIT - frame.length) });
    expect((await post(CHAT, body)).status).toBe(200);
  });
});

describe('media types', () => {
  it.each([
    'text/html',
    'application/xml',
    'multipart/form-data; boundary=x',
    'garbage',
    'application/jsonp',
  ])('refuses %s with 415', async (type) => {
    const response = await post(CHAT, '{"model":"smollm2"}', type).expect(415);
    expect(response.body).toMatchObject({ error: { code: 'unsupported_media_type' } });
  });

  it.each(['application/json; charset=utf-8', 'application/problem+json', 'APPLICATION/JSON'])(
    'takes %s',
    async (type) => {
      expect((await post(CHAT, '{"model":"smollm2"}', type)).status).toBe(200);
    },
  );

  it.each([
    ['curl -d', 'application/x-www-form-urlencoded'],
    ['fetch', 'text/plain;charset=UTF-8'],
  ])('takes what %s says of any text, but not from a web page', async (_sender, type) => {
    const fromProgram = await post(CHAT, '{"model":"smollm2"}', type);
    expect(fromProgram.status).toBe(200);
    const page = 'http://localhost:3000';
    const fromPage = await post(CHAT, '{"model":"smollm2"}', type).set('origin', page);
    expect(fromPage.status).toBe(415);
    const fromFrame = await post('/models/create', '{"from":"x"}', type).set('origin', 'null');
    expect(fromFrame.status).toBe(403);
  });

  it('refuses a compressed body', async () => {
    const response = await post(CHAT, '{"model":"smollm2"}').set('content-encoding', 'gzip');
    expect(response.status).toBe(415);
  });
});

describe('names that nobody knows', () => {
  it('answers 404 for a model', async () => {
    const response = await post(CHAT, '{"model":"nobody/knows"}').expect(404);
    expect(response.body).toMatchObject({ error: { code: 'model_not_found', param: 'model' } });
  });

  it('answers 404 for an engine, before it looks at the body', async () => {
    for (const path of ['/engines/abacus/v1/chat/completions', '/engines/constructor/v1/embeddings']) {
      const response = await post(path, '{broken').expect(404);
      expect(response.body).toMatchObject({
        error: { code: 'unknown_engine', message: expect.stringContaining('backend not found') },
      });
    }
    await api().get('/engines/abacus/v1/models').expect(404);
    await api().get('/engines/abacus/v1/models/smollm2').expect(404);
  });
});

describe('routes that are not there', () => {
  it.each([
    ['GET', CHAT],
    ['DELETE', '/v1/models/smollm2'],
    ['POST', '/v1/nothing'],
    ['GET', '/v1'],
    ['PUT', '/engines/llama.cpp/v1/embeddings'],
    ['OPTIONS', CHAT],
  ])('get an OpenAI error object under /v1: %s %s', async (method, path) => {
    const response = await fetch(`${fake.url}${path}`, { method });
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ error: { code: 'unknown_route' } });
  });

  it.each([
    ['POST', '/models', 'not found\n'],
    ['PUT', '/models/smollm2', 'not found\n'],
    ['POST', '/models/ai/smollm2/explode', 'unknown action "explode"\n'],
    ['GET', '/engines', 'not found\n'],
    ['POST', '/engines/status', 'not found\n'],
    ['GET', '/engines/llama.cpp', 'not found\n'],
    ['GET', '/nowhere', '404 page not found\n'],
    ['GET', '/favicon.ico', '404 page not found\n'],
    ['GET', '/v1x/models', '404 page not found\n'],
  ])('get plain text elsewhere: %s %s', async (method, path, body) => {
    const response = await fetch(`${fake.url}${path}`, { method });
    expect(response.status).toBe(404);
    expect(await response.text()).toBe(body);
    expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
  });

  it('answers HEAD where there is a GET, without a body', async () => {
    const response = await api().head('/v1/models').expect(200);
    expect(response.text).toBeUndefined();
    await api().head('/nowhere').expect(404);
  });

  it('takes doubled slashes for one', async () => {
    await api().get('//v1//models').expect(200);
    const response = await api().get('//v1//nothing').expect(404);
    expect(response.body).toMatchObject({ error: { code: 'unknown_route' } });
  });
});

describe('paths that make no sense', () => {
  it.each(['/models/%zz', '/models/%', '/models/%c3%28', '/models/%00'])('survives %s', async (path) => {
    const answer = await exchange(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1.1 40[04] /);
    expect(answer).toMatch(/content-type: text\/plain/i);
  });

  it('prints a broken escape in the dialect of its path', async () => {
    const answer = await exchange('GET /v1/models/%zz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    expect(answer).toMatch(/^HTTP\/1.1 400 /);
    expect(answer).toMatch(/\{"error":\{"message":".*","type":"invalid_request_error"/);
  });

  it.each([
    '/../../etc/passwd',
    '*',
    'http://elsewhere/v1/models',
    '/models/../v1/models',
    '/?',
    '/models?force=%zz',
  ])('answers the request target %s', async (target) => {
    const answer = await exchange(`GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1.1 (?:200|40[04]) /);
  });

  it('answers a very long path', async () => {
    await api()
      .get(`/v1/models/${'a/'.repeat(4_000)}`)
      .expect(404);
    await api()
      .get(`/engines/${'e'.repeat(8_000)}/v1/models`)
      .expect((response) => {
        expect([400, 404, 414]).toContain(response.status);
        expect(response.body).toHaveProperty('error.message');
      });
  });
});

describe('a question about a response that cannot be answered', () => {
  beforeAll(async () => {
    fake.cluster.completions.respond = async () => {
      const { headers, ...rest } = eventStream(['data: [DONE]\n\n']);
      return { ...rest, headers: { ...headers, 'x-longshore-request': 'gw-1.1' } };
    };
  });

  it.each([
    ['?stream=1', 'stream'],
    ['?stream=TRUE', 'stream'],
    ['?stream=true&stream=true', 'stream'],
    ['?stream=true&starting_after=-1', 'starting_after'],
    ['?stream=true&starting_after=1.5', 'starting_after'],
    ['?stream=true&starting_after=9999999999', 'starting_after'],
    ['/input_items?order=sideways', 'order'],
    ['/input_items?after=nothing', 'after'],
    ['/input_items?limit=0', 'limit'],
    ['/input_items?limit=1&limit=2', 'limit'],
  ])('gets a sentence for %s', async (question, param) => {
    const { body } = await post('/v1/responses', '{"model":"smollm2","input":"Hi"}').expect(200);
    const response = await api()
      .get(`/v1/responses/${String(body.id)}${question}`)
      .expect(400);
    expect(response.body.error).toMatchObject({ code: 'invalid_request', param });
  });
});

describe('bytes that are not a request', () => {
  it('are answered with 400', async () => {
    expect(await exchange('hello\r\n\r\n')).toMatch(/^HTTP\/1.1 400 Bad Request\r\n.*this is not an HTTP/s);
  });

  it('are answered with 431 when the headers are too large', async () => {
    const answer = await exchange(`GET / HTTP/1.1\r\nHost: x\r\nX-Pad: ${'x'.repeat(40_000)}\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1.1 431 .*headers are too large/s);
  });

  it('are answered with 400 when the lengths contradict each other', async () => {
    const answer = await exchange(
      `POST ${CHAT} HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1.1 400 /);
  });

  it('do not harm the requests of others', async () => {
    const hung = connect(fake.port, '127.0.0.1');
    hung.write(
      `POST ${CHAT} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 999\r\n\r\n{`,
    );
    expect((await post(CHAT, '{"model":"smollm2"}')).status).toBe(200);
    hung.destroy();
  });
});

describe('a pull that cannot be asked for', () => {
  it.each([
    ['{"from":', /^invalid request body/],
    ['', /^invalid request body/],
    ['[]', /^invalid request body/],
    ['{}', /^invalid request body: .*from/],
    ['{"from":7}', /^invalid request body: .*from/],
    ['{"from":"a","bearer-token":7}', /^invalid request body: .*bearer-token/],
    ['{"from":"a:b:c"}', /^Invalid model reference/],
    ['{"from":"UPPER CASE"}', /^Invalid model reference/],
    ['{"from":"x@sha256:1"}', /^Invalid model reference/],
  ])('is refused in plain text: %s', async (body, message) => {
    const response = await post('/models/create', body)
      .expect(400)
      .expect('content-type', /text\/plain/);
    expect(response.text).toMatch(message);
    expect(response.text).toMatch(/\n$/);
  });
});

it('never logs a body or a fault for what clients do wrong', () => {
  expect(fake.log).toEqual([]);
});
