import { describe, expect, it } from 'vitest';
import { matchesGlob, ModelPatterns } from './model-patterns.js';

describe('patterns of models', () => {
  it.each([
    ['ai/*', 'smollm2', true],
    ['ai/*', 'docker.io/ai/smollm2:latest', true],
    ['ai/*', 'ai/smollm2@sha256:' + 'a'.repeat(64), true],
    ['ai/*', 'other/smollm2', false],
    ['ai/*', 'localhost:5000/ai/smollm2', false],
    ['smollm2', 'ai/smollm2:360M-Q4_K_M', true],
    ['smollm2', 'ai/smollm2-large', false],
    ['smollm2:latest', 'smollm2', true],
    ['smollm2:latest', 'smollm2:other', false],
    ['smol*', 'smollm2', true],
    ['hf.co/org/*', 'huggingface.co/Org/Model:Q4_K_M@main', true],
    ['huggingface.co/*', 'hf.co/org/model', true],
    ['localhost:5000/*', 'localhost:5000/x/y:1', true],
    ['*.example/x/*', 'registry.example/x/y', true],
    ['*', 'registry.example/x/y', true],
    ['AI/SmolLM2', 'ai/smollm2', true],
    ['ai/*', 'a'.repeat(64), false],
    ['ai/*', 'not a name', false],
  ])('%s and %s: %s', (pattern, name, allowed) => {
    expect(new ModelPatterns([pattern], 'docker.io').allowsName(name)).toBe(allowed);
  });

  it('follow the registry of the gateway', () => {
    const patterns = new ModelPatterns(['ai/*'], 'registry.example');
    expect(patterns.allowsName('smollm2')).toBe(true);
    expect(patterns.allowsName('docker.io/ai/smollm2')).toBe(false);
  });

  it('allow a model when one of its names is allowed, and one without names never', () => {
    const patterns = new ModelPatterns(['ai/*'], 'docker.io');
    expect(patterns.allowsModel({ tags: ['docker.io/x/y:1', 'docker.io/ai/y:1'] })).toBe(true);
    expect(patterns.allowsModel({ tags: ['docker.io/x/y:1'] })).toBe(false);
    expect(patterns.allowsModel({ tags: [] })).toBe(false);
  });

  it('take no longer for a pattern that is meant to take long', () => {
    const text = 'a'.repeat(500);
    const before = process.cpuUsage();
    for (let i = 0; i < 100; i++) expect(matchesGlob(`${'a*'.repeat(120)}b`, text)).toBe(false);
    // Time of the processor, which a busy machine does not stretch.
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1_000).toBeLessThan(1_000);
  });

  it.each([
    ['a*a', 'a', false],
    ['a*a', 'aa', true],
    ['a*b*c', 'abc', true],
    ['a*b*c', 'acb', false],
    ['*b*', 'abc', true],
    ['a**c', 'ac', true],
  ])('%s matches %s: %s', (pattern, text, matches) => {
    expect(matchesGlob(pattern, text)).toBe(matches);
  });
});
