import { describe, expect, it } from 'vitest';
import type { CatalogueModel } from '#contracts';
import { findByLastSegment } from './find-by-last-segment.js';

const named = (...tags: string[]): CatalogueModel => ({
  id: `sha256:${'a'.repeat(64)}`,
  tags,
  created: 0,
  config: {},
  size: 0,
  origin: '',
});

describe('findByLastSegment', () => {
  it('finds a model by the end of any of its names, with or without the tag', () => {
    const model = named('docker.io/ai/other:1', 'localhost:5000/some/org/smollm2:x');
    expect(findByLastSegment([model], 'smollm2')).toBe(model);
    expect(findByLastSegment([model], 'smollm2:x')).toBe(model);
    expect(findByLastSegment([named(`r.io/a/b@sha256:${'c'.repeat(64)}`)], 'b')).toBeDefined();
  });

  it.each(['smol', 'smollm2:y', 'org/smollm2', '', ':x', 'localhost'])(
    'does not take %j for it',
    (wanted) => {
      expect(findByLastSegment([named('localhost:5000/org/smollm2:x')], wanted)).toBeUndefined();
    },
  );

  it('takes the first of several', () => {
    const first = named('docker.io/one/m:1');
    expect(findByLastSegment([first, named('docker.io/two/m:1')], 'm')).toBe(first);
  });
});
