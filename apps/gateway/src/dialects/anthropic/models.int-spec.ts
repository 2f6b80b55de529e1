import Anthropic, { BadRequestError, NotFoundError } from '@anthropic-ai/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SMOLLM } from '../../__fakes__/fake-models.js';
import { type FakeGateway, startFakeGateway } from '../../__fakes__/start-fake-gateway.js';

let fake: FakeGateway;
beforeAll(async () => {
  fake = await startFakeGateway();
  fake.cluster.catalogue.models = Array.from({ length: 5 }, (_, index) => ({
    ...SMOLLM,
    id: `sha256:${String(index).repeat(64)}`,
    tags: index === 4 ? [] : [`docker.io/ai/model-${index}:latest`],
    created: 1_700_000_000 + index,
  }));
});
afterAll(() => fake.gateway.stop(0));

const client = (path = '/anthropic'): Anthropic =>
  new Anthropic({ baseURL: `${fake.url}${path}`, apiKey: 'none', maxRetries: 0 });
const name = (index: number): string => `docker.io/ai/model-${index}:latest`;

describe.each(['/anthropic', ''])('the models for the library of Anthropic at "%s"', (path) => {
  it('are listed, the newest first', async () => {
    const page = await client(path).models.list();
    expect(page.data.map(({ id }) => id)).toEqual([
      `sha256:${'4'.repeat(64)}`,
      name(3),
      name(2),
      name(1),
      name(0),
    ]);
    expect(page.data[1]).toMatchObject({
      type: 'model',
      display_name: 'ai/model-3',
      created_at: '2023-11-14T22:13:23.000Z',
      max_input_tokens: 8192,
    });
    expect(page).toMatchObject({ has_more: false, last_id: name(0) });
  });

  it('are listed page by page', async () => {
    const found: string[] = [];
    for await (const model of client(path).models.list({ limit: 2 })) found.push(model.id);
    expect(found).toHaveLength(5);
    const before = await client(path).models.list({ limit: 2, before_id: name(0) });
    expect(before.data.map(({ id }) => id)).toEqual([name(2), name(1)]);
  });

  it('are told one by one, and by any name they have', async () => {
    expect(await client(path).models.retrieve(name(2))).toMatchObject({ id: name(2), type: 'model' });
    expect(await client(path).models.retrieve('ai/model-2')).toMatchObject({ id: name(2) });
  });

  it('that are not there are not found', async () => {
    await expect(client(path).models.retrieve('nobody/nothing')).rejects.toThrow(NotFoundError);
    await expect(client(path).models.list({ limit: 0 })).rejects.toThrow(BadRequestError);
    await expect(client(path).models.list({ after_id: 'x' })).rejects.toThrow('after_id');
  });
});

it('gives everybody else the models as OpenAI lists them', async () => {
  const response = await fetch(`${fake.url}/v1/models`);
  expect(await response.json()).toMatchObject({ object: 'list' });
});
