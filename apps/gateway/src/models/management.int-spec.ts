import { describe, expect, it } from 'vitest';
import { SMOLLM } from '../__fakes__/fake-models.js';
import { refuse } from '../__fakes__/fake-store-server.js';
import {
  ID,
  NEW_ID,
  FORMS,
  IDS,
  fake,
  stores,
  call,
  ask,
  answer,
  calls,
  useStoreGateway,
} from '../__fakes__/use-store-gateway.js';

useStoreGateway();

describe('POST /models/{m}/tag', () => {
  it.each([...FORMS, ...IDS])('takes %s', async (form) => {
    const response = await call('POST', `/models/${form}/tag?repo=docker.io/ai/other&tag=v1`);
    expect(response.status).toBe(201);
    expect(await response.json()).toEqual({
      message: 'Model tagged successfully with "docker.io/ai/other:v1"',
      target: 'docker.io/ai/other:v1',
    });
    expect((await fake.cluster.catalogue.find('other:v1'))?.id).toBe(ID);
  });

  it('takes a name whose parts are escaped', async () => {
    expect((await call('POST', '/models/docker.io%2Fai%2Fsmollm2/tag?repo=a/b&tag=c')).status).toBe(201);
    expect((await fake.cluster.catalogue.find('docker.io/a/b:c'))?.id).toBe(ID);
  });

  it.each(['', '?repo=a', '?tag=b', '?repo=&tag=b', '?repo=a&tag='])('refuses "%s"', async (query) => {
    const missing = 'missing repo or tag query parameter\n';
    expect(await ask('POST', `/models/smollm2/tag${query}`)).toEqual([400, missing]);
  });

  it('refuses a model there is not, and a name that is none', async () => {
    const unknown = await ask('POST', '/models/nobody/tag?repo=a&tag=b');
    expect(unknown).toEqual([404, 'model not found: nobody\n']);
    const [status, text] = await ask('POST', '/models/smollm2/tag?repo=a:b&tag=c');
    expect([status, text.startsWith('Invalid model reference: ')]).toEqual([400, true]);
  });
});

describe('POST /models/{m}/repackage', () => {
  const PATH = `POST /models/${ID}/repackage`;

  it('makes another model and names both as the client did', async () => {
    answer(PATH, (_call, response) => {
      fake.cluster.catalogue.models.push({ ...SMOLLM, id: NEW_ID, tags: [] });
      response.end(JSON.stringify({ modelId: NEW_ID }));
    });
    const response = await call('POST', '/models/smollm2/repackage', { target: 'small', context_size: 4096 });
    expect(response.status).toBe(201);
    expect(await response.json()).toEqual({
      message: 'Model repackaged successfully as "small"',
      source: 'smollm2',
      target: 'small',
    });
    expect(JSON.parse(String(calls()[0]?.body))).toEqual({
      target: 'docker.io/ai/small:latest',
      contextSize: 4096,
    });
    expect((await fake.cluster.catalogue.find('small'))?.id).toBe(NEW_ID);
  });

  it.each([
    [undefined, 'invalid request body: it is not a JSON object'],
    [[], 'invalid request body: it is not a JSON object'],
    [{}, 'target is required'],
    [{ target: '' }, 'target is required'],
    [{ target: 7 }, 'invalid request body: "target" must be a string'],
    [{ target: 'a', context_size: 0 }, 'invalid request body: "context_size" must be a whole number above 0'],
    [
      { target: 'a', context_size: -1 },
      'invalid request body: "context_size" must be a whole number above 0',
    ],
  ])('refuses %j', async (body, text) => {
    expect(await ask('POST', '/models/smollm2/repackage', body)).toEqual([400, `${text}\n`]);
  });

  it.each([{}, { context_size: null }])('only gives it another name without a context: %j', async (rest) => {
    const response = await call('POST', '/models/smollm2/repackage', { target: 'same', ...rest });
    expect(response.status).toBe(201);
    expect(await response.json()).toEqual({
      message: 'Model repackaged successfully as "same"',
      source: 'smollm2',
      target: 'same',
    });
    expect((await fake.cluster.catalogue.find('same'))?.id).toBe(ID);
    expect(calls()).toEqual([]);
  });

  it.each([{}, { context_size: 1 }])('says 404 for a model there is not: %j', async (rest) => {
    const answered = await ask('POST', '/models/nobody/repackage', { target: 'a', ...rest });
    expect(answered).toEqual([404, 'model not found: nobody\n']);
  });
});

describe('GET /models/{m}?remote=', () => {
  it.each(['?remote', '?remote=', '?remote=true', '?remote=1', '?remote=T'])(
    'asks a registry, through a worker: %s',
    async (query) => {
      const shown = { id: NEW_ID, created: 7, config: { format: 'gguf' } };
      answer('GET /remote', (_call, response) => void response.end(JSON.stringify({ ...shown, size: 3 })));
      const response = await call('GET', `/models/org/x:1${query}`);
      expect([response.status, await response.json()]).toEqual([200, shown]);
      const [{ path } = { path: '' }] = calls();
      expect(path).toBe('/remote?reference=docker.io%2Forg%2Fx%3A1');
    },
  );

  it.each(['', '?remote=false', '?remote=0', '?remote=maybe'])('shows the own model: %s', async (query) => {
    const response = await call('GET', `/models/smollm2${query}`);
    expect(await response.json()).toMatchObject({ id: ID, tags: SMOLLM.tags });
  });

  it.each([
    [404, 404, 'model not found: x\n'],
    [401, 401, 'Unauthorized\n'],
    [500, 500, 'because\n'],
  ] as const)('answers %i with %i and %j', async (status, shown, text) => {
    answer('GET /remote', (_call, response) => refuse(response, status, 'x', 'because'));
    expect(await ask('GET', '/models/x?remote=true')).toEqual([shown, text]);
  });
});

describe('the rest of the management routes', () => {
  it('purge ends all pulls, empties the catalogue and answers nothing', async () => {
    fake.cluster.pulls.running.add('docker.io/ai/smollm2:latest');
    fake.cluster.pulls.cancelled.length = 0;
    expect(await ask('DELETE', '/models/purge')).toEqual([200, '']);
    expect(await (await call('GET', '/models')).json()).toEqual([]);
    expect(fake.cluster.pulls.cancelled).toEqual(['docker.io/ai/smollm2:latest']);
  });

  it('a pull is cancelled by its reference, in any form', async () => {
    fake.cluster.pulls.running.add('docker.io/ai/smollm2:latest');
    expect(await ask('DELETE', '/models/create?from=smollm2')).toEqual([200, '']);
    expect(await ask('DELETE', '/models/create?from=smollm2')).toEqual([
      404,
      'no pull of docker.io/ai/smollm2:latest is going on\n',
    ]);
    expect((await ask('DELETE', '/models/create?from=UPPER%20CASE'))[0]).toBe(400);
    expect((await ask('DELETE', '/models/create'))[0]).toBe(404);
  });

  it('disk usage is the sum of the live workers', async () => {
    fake.cluster.workers.alive = stores.map((store, index) => ({
      ...store.announcement(`w${index}`, []),
      storeBytes: 10 + index,
    }));
    const response = await call('GET', '/engines/df');
    expect(await response.json()).toEqual({ models_disk_usage: 21, default_backend_disk_usage: 0 });
  });

  it.each(['explode', 'export', 'x%22y'])('an unknown action is named: %s', async (action) => {
    const text = `unknown action ${JSON.stringify(decodeURIComponent(action))}\n`;
    expect(await ask('POST', `/models/docker.io/ai/smollm2:latest/${action}`)).toEqual([404, text]);
  });
});
