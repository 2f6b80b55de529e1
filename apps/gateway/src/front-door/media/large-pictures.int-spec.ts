import { deflateSync } from 'node:zlib';
import supertest from 'supertest';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type FakeGateway, startFakeGateway } from '../../__fakes__/start-fake-gateway.js';
import { chunk, header, noise, png } from './pictures/__fixtures__/picture-files.js';

let fake: FakeGateway;
beforeAll(async () => (fake = await startFakeGateway({ mediaMaxPixels: 1_000_000 })));
afterAll(() => fake?.gateway.stop(0));

const BOMB = png(header(16_000, 16_000), chunk('IDAT')).toString('base64');
const URI = `data:image/png;base64,${BOMB}`;
const MESSAGE =
  '"image_url" holds a picture of 16000 x 16000 pixels; the pictures of a request may have 1000000 pixels together (LONGSHORE_MEDIA_MAX_PIXELS).';

const user = (...content: readonly object[]): readonly object[] => [{ role: 'user', content }];

const OPENAI = { error: { message: MESSAGE, code: 'invalid_request', param: 'image_url' } };

it.each([
  [
    'OpenAI chats',
    '/v1/chat/completions',
    { messages: user({ type: 'image_url', image_url: { url: URI } }) },
    OPENAI,
  ],
  ['responses', '/v1/responses', { input: user({ type: 'input_image', image_url: URI }) }, OPENAI],
  [
    "Anthropic's messages",
    '/v1/messages',
    {
      max_tokens: 1,
      messages: user({ type: 'image', source: { type: 'base64', media_type: 'image/png', data: BOMB } }),
    },
    { type: 'error', error: { type: 'invalid_request_error', message: MESSAGE } },
  ],
  [
    "Ollama's chats",
    '/api/chat',
    { messages: [{ role: 'user', content: 'see', images: [BOMB] }] },
    { error: MESSAGE },
  ],
  ["Ollama's prompts", '/api/generate', { prompt: 'see', images: [BOMB] }, { error: MESSAGE }],
])('a picture that is too large is refused in the words of %s', async (_dialect, path, body, answer) => {
  const response = await supertest(fake.url)
    .post(path)
    .send({ model: 'smollm2', ...body });
  expect(response.body).toMatchObject(answer);
  expect(response.status).toBe(400);
  expect(fake.cluster.completions.requests).toEqual([]);
});

it('a picture whose pixels are more than its size tells is refused, and one of their size is passed on', async () => {
  const pixels = chunk('IDAT', deflateSync(noise(100 * 301)));
  const ask = (width: number, height: number) => {
    const url = `data:image/png;base64,${png(header(width, height), pixels, chunk('IEND')).toString('base64')}`;
    const messages = user({ type: 'image_url', image_url: { url } });
    return supertest(fake.url).post('/v1/chat/completions').send({ model: 'smollm2', messages });
  };
  const refused = await ask(1, 1);
  expect(refused.body).toMatchObject({
    error: {
      message: '"image_url" holds a PNG whose pixels are broken, or more than its size tells.',
      code: 'invalid_request',
      param: 'image_url',
    },
  });
  expect(refused.status).toBe(400);
  expect(fake.cluster.completions.requests).toEqual([]);
  await ask(100, 100).expect(200);
  expect(fake.cluster.completions.requests).toHaveLength(1);
});
