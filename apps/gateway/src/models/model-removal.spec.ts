import { beforeEach, describe, expect, it } from 'vitest';
import type { SessionConfiguration } from '#contracts';
import { FakeCatalogue, FakeConfigurations, FakePulls, SMOLLM } from '../__fakes__/fake-models.js';
import { ModelRemoval } from './model-removal.js';

const TAGS = ['docker.io/ai/smollm2:latest', 'docker.io/ai/smollm2:other'];
const OTHER = `sha256:${'b'.repeat(64)}`;

const configuration = (modelId: string, mode: SessionConfiguration['mode']): SessionConfiguration => ({
  version: 1,
  modelId,
  mode,
  reference: 'docker.io/ai/smollm2:latest',
  engine: 'llama.cpp',
  revision: 'r1',
});

describe('ModelRemoval', () => {
  let catalogue: FakeCatalogue;
  let configurations: FakeConfigurations;
  let removal: ModelRemoval;
  const configured = async () => (await configurations.all()).map(({ modelId }) => modelId);

  beforeEach(async () => {
    catalogue = new FakeCatalogue();
    configurations = new FakeConfigurations();
    removal = new ModelRemoval(catalogue, configurations, new FakePulls());
    await configurations.put(configuration(SMOLLM.id, 'completion'));
    await configurations.put(configuration(SMOLLM.id, 'embedding'));
    await configurations.put(configuration(OTHER, 'completion'));
  });

  it('leaves what is configured for a model alone while it has another tag', async () => {
    catalogue.models = [{ ...SMOLLM, tags: TAGS }];
    expect(await removal.remove('smollm2:other', { force: false })).toEqual([{ Untagged: TAGS[1] }]);
    expect(await configured()).toEqual([SMOLLM.id, SMOLLM.id, OTHER]);
  });

  it.each([
    ['its last tag', 'smollm2', [TAGS[0]]],
    ['its id', SMOLLM.id, TAGS],
  ])('forgets what is configured for a model, in every mode, when it goes with %s', async (_, text, tags) => {
    catalogue.models = [{ ...SMOLLM, tags: tags.flatMap((tag) => tag ?? []) }];
    await removal.remove(text, { force: true });
    expect(await configured()).toEqual([OTHER]);
  });

  it('lets a model that guessed with the help of a removed one be run without it', async () => {
    const speculative = { draftModelId: SMOLLM.id, tokens: 3 };
    await configurations.put({ ...configuration(OTHER, 'completion'), contextSize: 512, speculative });
    await removal.remove('smollm2', { force: false });
    const [left] = await configurations.all();
    expect(left).toMatchObject({ modelId: OTHER, contextSize: 512 });
    expect(left).not.toHaveProperty('speculative');
    expect(left?.revision).not.toBe('r1');
  });

  it('leaves all as it is when a model is not removed', async () => {
    catalogue.models = [{ ...SMOLLM, tags: TAGS }];
    await expect(removal.remove(SMOLLM.id, { force: false })).rejects.toMatchObject({
      code: 'model_conflict',
    });
    expect(await configured()).toHaveLength(3);
  });

  it('forgets what is configured for all models with all models', async () => {
    await removal.purge();
    expect(await configured()).toEqual([]);
  });
});
