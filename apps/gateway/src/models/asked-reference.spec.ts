import { describe, expect, it } from 'vitest';
import { askedReference } from './asked-reference.js';

describe('askedReference', () => {
  it.each([
    ['smollm2', 'here:5000/ai/smollm2:latest'],
    ['docker.io/ai/smollm2:360M', 'docker.io/ai/smollm2:360M'],
    ['hf.co/Org/Repo:Q8_0', 'huggingface.co/org/repo:Q8_0'],
  ])('makes %s full', (text, reference) => {
    expect(askedReference(text, 'here:5000')).toBe(reference);
  });

  it.each([`sha256:${'a'.repeat(64)}`, 'a'.repeat(64), 'a'.repeat(12), 'no reference', ''])(
    'is nothing for "%s"',
    (text) => {
      expect(askedReference(text, 'here:5000')).toBeUndefined();
    },
  );
});
