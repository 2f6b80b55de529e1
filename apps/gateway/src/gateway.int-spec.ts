import supertest from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SMOLLM } from './__fakes__/fake-models.js';
import { worker } from './__fakes__/fake-workers.js';
import { startFakeGateway, type FakeGateway } from './__fakes__/start-fake-gateway.js';

let fake: FakeGateway;
beforeAll(async () => (fake = await startFakeGateway()));
afterAll(() => fake?.gateway.stop(0));

const api = () => supertest(fake.url);

describe('the service itself', () => {
  it('greets in the words existing clients look for', async () => {
    const response = await api().get('/').expect(200);
    expect(response.text).toBe('Docker Model Runner is running');
    await api().post('/').expect(200);
  });

  it('says its version', async () => {
    const response = await api().get('/version').expect(200);
    expect(response.body).toEqual({ version: expect.stringMatching(/^\d+\.\d+\.\d+/) });
  });

  it('tells which engines live workers have', async () => {
    const response = await api().get('/engines/status').expect(200);
    expect(response.body).toMatchObject({
      'llama.cpp': 'Running: llama.cpp b1',
      vllm: expect.stringMatching(/^Not Installed: /),
    });
  });

  it('is ready while Redis answers and a worker is alive', async () => {
    const response = await api().get('/health/ready').expect(200);
    expect(response.body).toMatchObject({ status: 'ok', details: { workers: { alive: 1 } } });
    await api().get('/health/live').expect(200, { status: 'ok' });
  });

  it('is live but not ready without workers or without Redis', async () => {
    fake.cluster.workers.alive = [];
    fake.cluster.redis.reachable = false;
    try {
      const response = await api().get('/health/ready').expect(503).expect('content-type', /json/);
      expect(response.body).toMatchObject({
        status: 'error',
        error: { redis: { status: 'down' }, workers: { status: 'down' } },
      });
      await api().get('/health/live').expect(200);
    } finally {
      fake.cluster.workers.alive = [worker()];
      fake.cluster.redis.reachable = true;
    }
  });

  it('takes requests while Redis answers, also when whatever starts workers has none running', async () => {
    fake.cluster.workers.alive = [];
    try {
      expect((await api().get('/health/accepting')).status).toBe(200);
      fake.cluster.redis.reachable = false;
      expect((await api().get('/health/accepting')).status).toBe(503);
    } finally {
      fake.cluster.workers.alive = [worker()];
      fake.cluster.redis.reachable = true;
    }
  });

  it('counts requests by route pattern and status', async () => {
    await api().get('/v1/models/ai/smollm2').expect(200);
    await api().get('/v1/models/ai/unknown').expect(404);
    const { text } = await api()
      .get('/metrics')
      .expect(200)
      .expect('content-type', /text\/plain/);
    expect(text).toMatch(
      /longshore_http_requests_total\{method="GET",route="\/v1\/models\/\*",status="200"\} \d/,
    );
    expect(text).toMatch(
      /longshore_http_requests_total\{method="GET",route="\/v1\/models\/\*",status="404"\} \d/,
    );
  });
});

describe('request ids', () => {
  it('echoes the id of the caller', async () => {
    const response = await api().get('/version').set('X-Request-Id', 'abc-1');
    expect(response.headers['x-request-id']).toBe('abc-1');
  });

  it('makes one up where there is none, or none that is fit for a log', async () => {
    const labels = await Promise.all([
      api().get('/version'),
      api().get('/version').set('X-Request-Id', 'a b"c'),
      api().get('/nowhere'),
    ]);
    for (const { headers } of labels) expect(headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
  });
});

describe('the models of the OpenAI API', () => {
  it.each(['/v1/models', '/engines/v1/models', '/engines/llama.cpp/v1/models'])(
    'lists at %s',
    async (path) => {
      const response = await api().get(path).expect(200).expect('content-type', /json/);
      expect(response.body).toMatchObject({
        object: 'list',
        data: [{ id: 'docker.io/ai/smollm2:latest', object: 'model', owned_by: 'docker' }],
      });
    },
  );

  it.each([
    'smollm2',
    'ai/smollm2',
    'ai/smollm2:latest',
    'docker.io/ai/smollm2:latest',
    'ai%2Fsmollm2',
    SMOLLM.id,
    'a'.repeat(12),
  ])('finds %s', async (name) => {
    const response = await api().get(`/v1/models/${name}`).expect(200);
    expect(response.body).toMatchObject({ id: 'docker.io/ai/smollm2:latest', object: 'model' });
  });

  it('does not guess from a part of the name', async () => {
    const response = await api().get('/v1/models/other/smollm2').expect(404);
    expect(response.body).toEqual({
      error: {
        message: 'model not found: other/smollm2',
        type: 'invalid_request_error',
        param: null,
        code: 'model_not_found',
      },
    });
  });
});

describe('the models of the Model Runner API', () => {
  it('lists and shows them in its own shape', async () => {
    const { id, tags, created, config } = SMOLLM;
    const shown = { id, tags, created, config };
    expect((await api().get('/models').expect(200)).body).toEqual([shown]);
    expect((await api().get('/models/').expect(200)).body).toEqual([shown]);
    expect((await api().get('/models/ai/smollm2:latest').expect(200)).body).toEqual(shown);
  });

  it('falls back to the last segment of a name', async () => {
    fake.cluster.catalogue.models.push({
      ...SMOLLM,
      id: `sha256:${'b'.repeat(64)}`,
      tags: ['r.io/org/qwen:x'],
    });
    for (const name of ['qwen', 'qwen:x']) {
      const response = await api().get(`/models/${name}`).expect(200);
      expect(response.body).toMatchObject({ tags: ['r.io/org/qwen:x'] });
    }
    fake.cluster.catalogue.models.pop();
  });

  it('says in plain text that there is no such model', async () => {
    for (const name of ['none', 'a:b:c', 'sha256:12', '%20', '..%2f..']) {
      const response = await api().get(`/models/${name}`).expect(404);
      expect(response.text).toMatch(/^model not found.*\n$/);
      expect(response.headers).toMatchObject({
        'content-type': 'text/plain; charset=utf-8',
        'x-content-type-options': 'nosniff',
      });
    }
  });

  it('deletes, and tells what went', async () => {
    const response = await api().delete('/models/ai/smollm2').expect(200);
    expect(response.body).toEqual([{ Untagged: 'docker.io/ai/smollm2:latest' }, { Deleted: SMOLLM.id }]);
    await api()
      .delete('/models/none')
      .expect(404)
      .expect('content-type', /text\/plain/);
    await api().delete('/models').expect(404, 'not found\n');
  });

  it('wants force to delete by id what has several tags', async () => {
    fake.cluster.catalogue.models = [{ ...SMOLLM, tags: ['docker.io/ai/a:1', 'docker.io/ai/b:2'] }];
    const refused = await api().delete(`/models/${SMOLLM.id}`).expect(409);
    expect(refused.text).toContain('(must be forced) due to multiple tag references');
    await api().delete(`/models/${SMOLLM.id}?force=true`).expect(200);
    fake.cluster.catalogue.models = [SMOLLM];
  });
});
