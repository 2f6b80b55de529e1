import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RANKING } from './__fixtures__/recorded.js';
import { callSglang } from './call-sglang.js';

const { signal } = new AbortController();
const SERVED = 'ai/ranker:latest';

let server: Server;
let endpoint: { host: string; port: number };
let asked: { url: string | undefined; body: unknown }[];

beforeEach(async () => {
  asked = [];
  server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      asked.push({ url: request.url, body: JSON.parse(Buffer.concat(pieces).toString()) as unknown });
      response.setHeader('content-type', 'application/json');
      response.end(request.url === '/v1/rerank' ? RANKING : '{"object":"chat.completion"}');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  endpoint = { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
});
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

async function post(route: string, body: object) {
  const response = await callSglang(endpoint, { route, body: JSON.stringify(body), signal }, SERVED);
  const text = (await response.body.setEncoding('utf8').toArray()).join('');
  return { status: response.status, json: JSON.parse(text) as Record<string, unknown> };
}

describe('callSglang', () => {
  it('asks by the name that is served, whatever the caller wrote', async () => {
    await post('/v1/chat/completions', { model: 'docker.io/ai/ranker:other', messages: [] });
    expect(asked).toEqual([{ url: '/v1/chat/completions', body: { model: SERVED, messages: [] } }]);
  });

  it('gives a ranking the shape that other engines give it', async () => {
    const { json } = await post('/rerank', { model: 'x', query: 'q', documents: ['the harbour', 'paris'] });
    expect(asked[0]?.url).toBe('/v1/rerank');
    expect(json).toEqual({
      model: SERVED,
      object: 'list',
      usage: { prompt_tokens: 10, total_tokens: 10 },
      results: [
        { index: 0, relevance_score: 0.75, document: { text: 'the harbour' } },
        { index: 1, relevance_score: 0.25, document: { text: 'paris' } },
      ],
    });
  });

  it('scores by ranking', async () => {
    const { json } = await post('/score', { model: 'x', text_1: 'q', text_2: ['the harbour', 'paris'] });
    expect(asked).toEqual([
      { url: '/v1/rerank', body: { model: SERVED, query: 'q', documents: ['the harbour', 'paris'] } },
    ]);
    expect(json).toMatchObject({
      object: 'list',
      data: [
        { index: 0, object: 'score', score: 0.75 },
        { index: 1, object: 'score', score: 0.25 },
      ],
      usage: { prompt_tokens: 10, completion_tokens: 0, total_tokens: 10 },
    });
  });

  it('says what a request for scores must look like', async () => {
    const { status, json } = await post('/v1/score', { text_1: ['a', 'b'], text_2: 'c' });
    expect(status).toBe(400);
    expect(json).toMatchObject({ error: { message: expect.stringContaining("'text_1'") as string } });
    expect(asked).toEqual([]);
  });
});
