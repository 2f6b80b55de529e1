import { describe, expect, it } from 'vitest';
import { jsonResponse } from '../../__fakes__/fake-completions.js';
import { ask, fake, useGateway } from '../../engines/__fixtures__/use-gateway.js';

useGateway();

describe('reranking', () => {
  it.each([
    ['/rerank', '/rerank', undefined],
    ['/score', '/score', undefined],
    ['/engines/rerank', '/rerank', undefined],
    ['/engines/llama.cpp/score', '/score', 'llama.cpp'],
    ['/v1/rerank', '/v1/rerank', undefined],
    ['/engines/v1/score', '/v1/score', undefined],
    ['/engines/vllm/v1/rerank', '/v1/rerank', 'vllm'],
  ])('%s is passed on as %s', async (path, route, engine) => {
    fake.cluster.completions.respond = async () => jsonResponse('{"results":[]}');
    const body = JSON.stringify({ model: 'smollm2', query: 'q', documents: ['d'] });
    expect(await ask('POST', path, { body })).toEqual([200, '{"results":[]}']);
    expect(fake.cluster.completions.requests).toMatchObject([{ route, body, streaming: false }]);
    expect(fake.cluster.completions.requests[0]?.engine).toBe(engine);
  });

  it.each(['/rerank', '/v1/score', '/engines/rerank', '/engines/llama.cpp/score'])(
    '%s refuses what is no call in the words of the OpenAI API',
    async (path) => {
      for (const body of ['', '{', '{}', '{"model":5}']) {
        const [status, text] = await ask('POST', path, { body });
        expect(status).toBe(400);
        expect(JSON.parse(text)).toHaveProperty('error.message');
      }
      expect((await ask('POST', '/engines/nothing/rerank', { body: { model: 'x' } }))[0]).toBe(404);
    },
  );
});
