import { beforeEach, describe, expect, it } from 'vitest';
import { SMOLLM } from '../__fakes__/fake-models.js';
import { worker } from '../__fakes__/fake-workers.js';
import { answer, ask, call, calls, fake, NEW_ID, useStoreGateway } from '../__fakes__/use-store-gateway.js';

useStoreGateway();

const TAG = 'docker.io/team/assistant:latest';
const TEAM = { ...SMOLLM, id: NEW_ID, tags: [TAG] };
const RIVAL = { ...TEAM, id: `sha256:${'d'.repeat(64)}`, tags: ['docker.io/rival/assistant:latest'] };

beforeEach(() => {
  fake.cluster.catalogue.models = [SMOLLM, TEAM];
  fake.cluster.workers.alive = fake.cluster.workers.alive.map((each) => ({ ...each, models: [NEW_ID] }));
});

const push = (name: string) => ask('POST', `/models/${name}/push`);
const pushed = () => calls().map(({ body }) => JSON.parse(String(body)) as unknown);

describe('a model of another organisation, named by the last part of its name', () => {
  it('is tagged', async () => {
    expect((await call('POST', '/models/assistant/tag?repo=ai/mine&tag=v1')).status).toBe(201);
    expect((await fake.cluster.catalogue.find('mine:v1'))?.id).toBe(NEW_ID);
  });

  it('is pushed to where its whole name says', async () => {
    answer(`POST /models/${NEW_ID}/push`, (_call, response) => void response.end('{}\n'));
    expect((await push('assistant'))[0]).toBe(200);
    expect((await push('assistant:latest'))[0]).toBe(200);
    expect(pushed()).toEqual([{ reference: TAG }, { reference: TAG }]);
  });

  it('is pushed by its latest tag of several, and by none where there is no such', async () => {
    answer(`POST /models/${NEW_ID}/push`, (_call, response) => void response.end('{}\n'));
    fake.cluster.catalogue.models = [{ ...TEAM, tags: ['docker.io/team/assistant:v1', TAG] }];
    expect((await push('assistant'))[0]).toBe(200);
    expect(pushed()).toEqual([{ reference: TAG }]);
    const tags = ['docker.io/team/assistant:v1', 'docker.io/team/assistant:v2'];
    fake.cluster.catalogue.models = [{ ...TEAM, tags }];
    expect(await push('assistant')).toEqual([
      400,
      `Invalid model reference: "assistant" may be any of ${tags.join(', ')}\n`,
    ]);
  });

  it('is repackaged', async () => {
    answer(`POST /models/${NEW_ID}/repackage`, (_call, response) => {
      response.end(JSON.stringify({ modelId: NEW_ID }));
    });
    const body = { target: 'small', context_size: 512 };
    expect((await ask('POST', '/models/assistant/repackage', body))[0]).toBe(201);
  });

  it('is configured, and its configuration listed', async () => {
    fake.cluster.workers.alive = [{ ...worker(), models: [NEW_ID] }];
    const body = { model: 'assistant', 'context-size': 512 };
    expect(await ask('POST', '/engines/_configure', body)).toEqual([202, '']);
    expect([...fake.cluster.configurations.kept.values()]).toMatchObject([
      { modelId: NEW_ID, reference: TAG, contextSize: 512 },
    ]);
    const listed = await call('GET', '/engines/_configure?model=assistant');
    expect(await listed.json()).toMatchObject([{ ModelID: NEW_ID }]);
  });

  it('is unloaded', async () => {
    await ask('POST', '/engines/unload', { models: ['assistant'] });
    expect(fake.cluster.control.sent).toEqual([{ kind: 'unload', modelId: NEW_ID }]);
  });

  it('is not removed, but its whole name is told', async () => {
    const [status, text] = await ask('DELETE', '/models/assistant');
    expect(status).toBe(404);
    expect(text).toBe(`No such model: assistant (a model is removed by its whole name, such as ${TAG})\n`);
    expect(await fake.cluster.catalogue.find(TAG)).toBeDefined();
  });
});

describe('a part of a name that several models have', () => {
  beforeEach(() => {
    fake.cluster.catalogue.models = [SMOLLM, TEAM, RIVAL];
  });

  it('changes none of them', async () => {
    const tagged = await ask('POST', '/models/assistant/tag?repo=a&tag=b');
    expect(tagged).toEqual([404, 'model not found: assistant\n']);
    expect(await push('assistant')).toEqual([404, 'Model not found\n']);
    await ask('POST', '/engines/unload', { models: ['assistant'] });
    expect(fake.cluster.control.sent).toEqual([]);
  });

  it('means the model that has it as its own name', async () => {
    fake.cluster.catalogue.models.push({ ...SMOLLM, tags: ['docker.io/ai/assistant:latest'] });
    await ask('POST', '/models/assistant/tag?repo=ai/mine&tag=v1');
    expect((await fake.cluster.catalogue.find('mine:v1'))?.id).toBe(SMOLLM.id);
  });
});
