import { describe, expect, it } from 'vitest';
import type { CatalogueModel } from '#contracts';
import { planRemoval } from './plan-removal.js';

const ID = `sha256:${'a'.repeat(64)}`;
const ONE = 'docker.io/ai/one:latest';
const TWO = 'docker.io/ai/two:latest';
const tagged = (...tags: string[]): CatalogueModel => ({
  id: ID,
  tags,
  created: 0,
  config: {},
  size: 0,
  origin: '',
});

describe('planRemoval', () => {
  it('takes one tag and keeps the model while it has another', () => {
    expect(planRemoval(tagged(ONE, TWO), 'one', false)).toEqual({
      untag: [ONE],
      deleteModel: false,
      entries: [{ Untagged: ONE }],
    });
  });

  it('deletes the model with its last tag', () => {
    expect(planRemoval(tagged(ONE), 'ai/one', false).entries).toEqual([{ Untagged: ONE }, { Deleted: ID }]);
  });

  it('deletes by id when there is one tag or none', () => {
    expect(planRemoval(tagged(ONE), ID, false).entries).toEqual([{ Untagged: ONE }, { Deleted: ID }]);
    expect(planRemoval(tagged(), 'a'.repeat(12), false).entries).toEqual([{ Deleted: ID }]);
  });

  it.each([ID, 'a'.repeat(12), `one@${ID}`])(
    'refuses to delete by %s while there are several tags',
    (text) => {
      expect(() => planRemoval(tagged(ONE, TWO), text, false)).toThrow(
        /\(must be forced\) due to multiple tag references/,
      );
    },
  );

  it('deletes a model with several tags when forced', () => {
    expect(planRemoval(tagged(ONE, TWO), ID, true).entries).toEqual([
      { Untagged: ONE },
      { Untagged: TWO },
      { Deleted: ID },
    ]);
  });
});
