import { readdirSync, readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { ask, fake, useGateway } from '../../engines/__fixtures__/use-gateway.js';
import { CHAT_REQUEST, COMPLETION_REQUEST, EMBEDDING_REQUEST } from './schemas.js';

useGateway();

const FIXTURES = new URL('__fixtures__/', import.meta.url);
const read = (name: string): Buffer => readFileSync(new URL(name, FIXTURES));

const REQUESTS = [
  ['chat.json', '/v1/chat/completions', CHAT_REQUEST],
  ['completion.json', '/v1/completions', COMPLETION_REQUEST],
  ['embedding.json', '/v1/embeddings', EMBEDDING_REQUEST],
] as const;

const ANSWERS = readdirSync(FIXTURES).filter((name) => name.endsWith('.sse'));

describe('a call of the OpenAI API', () => {
  it.each(REQUESTS)('reaches the engine byte for byte: %s', async (name, route) => {
    const body = read(name).toString();
    expect((await ask('POST', route, { body }))[0]).toBe(200);
    expect(fake.cluster.completions.requests).toMatchObject([{ route, body }]);
  });

  it.each(REQUESTS)('is what its schema says: %s', (name, _, schema) => {
    const validate = new Ajv2020({ strict: false, allErrors: true }).compile(schema);
    expect(validate(JSON.parse(read(name).toString())) ? [] : validate.errors).toEqual([]);
    expect(validate({ model: 7 })).toBe(false);
  });

  it.each(ANSWERS.flatMap((name) => [1, 13, 4_096].map((size) => [name, size] as const)))(
    'is answered byte for byte as the engine answers: %s in pieces of %i bytes',
    async (name, size) => {
      const bytes = read(name);
      async function* pieces(): AsyncGenerator<Buffer, void, void> {
        for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
      }
      const headers = { 'content-type': 'text/event-stream' };
      fake.cluster.completions.respond = async () => ({ status: 200, headers, body: pieces() });
      const [status, text] = await ask('POST', '/v1/chat/completions', {
        body: read('chat.json').toString(),
      });
      expect({ status, text }).toEqual({ status: 200, text: bytes.toString() });
    },
  );
});
