import { describe, expect, it } from 'vitest';
import type { CatalogueModel } from '#contracts';
import { findModel } from './find-model.js';

const ID = `sha256:${'0123456789ab'.repeat(5)}cdef`;
const model: CatalogueModel = {
  id: ID,
  tags: ['docker.io/ai/smollm2:latest'],
  created: 0,
  config: {},
  size: 0,
  origin: '',
};

describe('findModel', () => {
  it.each([
    'smollm2',
    'ai/smollm2',
    'smollm2:latest',
    'SmolLM2',
    'docker.io/ai/smollm2:latest',
    ` ai/smollm2 `,
    ID,
    ID.slice('sha256:'.length),
    ID.slice('sha256:'.length, 'sha256:'.length + 12),
    `ai/smollm2@${ID}`,
  ])('finds a model by %s', (text) => {
    expect(findModel([model], text)).toBe(model);
  });

  it.each([
    'smollm',
    'ai/smollm2:135M',
    'example.com/ai/smollm2',
    'ffffffffffff',
    'a:b:c',
    '',
    '../etc/passwd',
  ])('finds nothing by %j', (text) => {
    expect(findModel([model], text)).toBeUndefined();
  });

  it('uses the default registry it is given', () => {
    const mirrored = { ...model, tags: ['registry.example:5000/ai/smollm2:latest'] };
    expect(findModel([mirrored], 'smollm2', 'registry.example:5000')).toBe(mirrored);
  });
});
