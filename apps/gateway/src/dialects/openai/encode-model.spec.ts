import { describe, expect, it } from 'vitest';
import type { CatalogueModel } from '#contracts';
import { encodeModel, encodeModelList } from './encode-model.js';

const model: CatalogueModel = {
  id: `sha256:${'a'.repeat(64)}`,
  tags: ['docker.io/ai/smollm2:latest', 'docker.io/ai/smollm2:360M'],
  created: 1_742_816_981,
  config: {
    format: 'gguf',
    architecture: 'llama',
    parameters: '361.82 M',
    quantization: 'Q4_K_M',
    size: '256.35 MiB',
    context_size: 8192,
  },
  size: 1,
  origin: '',
};

describe('encodeModel', () => {
  it('prints what is known in the dmr block', () => {
    expect(encodeModel(model)).toEqual({
      id: 'docker.io/ai/smollm2:latest',
      object: 'model',
      created: 1_742_816_981,
      owned_by: 'docker',
      dmr: {
        context_window: 8192,
        architecture: 'llama',
        parameters: '361.82 M',
        quantization: 'Q4_K_M',
        size: '256.35 MiB',
      },
    });
  });

  it('leaves the block out when nothing is known, and shows the id of an untagged model', () => {
    expect(encodeModel({ ...model, tags: [], config: {} })).toEqual({
      id: model.id,
      object: 'model',
      created: model.created,
      owned_by: 'docker',
    });
  });

  it('lists none as an empty array', () => {
    expect(encodeModelList([])).toEqual({ object: 'list', data: [] });
  });
});
