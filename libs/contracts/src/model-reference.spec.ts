import { describe, expect, it } from 'vitest';
import { InvalidReference, parseModelId, parseModelReference } from './model-reference.js';

const DIGEST = `sha256:${'0a'.repeat(32)}`;

describe('parseModelReference', () => {
  it.each([
    ['smollm2', 'docker.io/ai/smollm2:latest'],
    ['ai/smollm2', 'docker.io/ai/smollm2:latest'],
    [' smollm2:360M-Q4_K_M ', 'docker.io/ai/smollm2:360M-Q4_K_M'],
    ['someorg/Thing', 'docker.io/someorg/thing:latest'],
    ['docker.io/ai/smollm2', 'docker.io/ai/smollm2:latest'],
    ['hf.co/Org/Repo-GGUF:Q4_K_M', 'huggingface.co/org/repo-gguf:Q4_K_M'],
    ['huggingface.co/org/repo', 'huggingface.co/org/repo:latest'],
    [
      'HF.co/bartowski/Qwen2.5-7B_v1-GGUF:UD-Q4_K_XL',
      'huggingface.co/bartowski/qwen2.5-7b_v1-gguf:UD-Q4_K_XL',
    ],
    ['hf.co/_org/model___x_', 'huggingface.co/_org/model___x_:latest'],
    ['hf.co/org/repo@main', 'huggingface.co/org/repo:latest@main'],
    [`hf.co/org/repo:Q8_0@${'0a'.repeat(20)}`, `huggingface.co/org/repo:Q8_0@${'0a'.repeat(20)}`],
    [`hf.co/org/repo@${DIGEST}`, `huggingface.co/org/repo@${DIGEST}`],
    ['localhost/x', 'localhost/x:latest'],
    ['localhost:5000/org/x:t', 'localhost:5000/org/x:t'],
    ['Registry.Example.com/Org/X:T', 'registry.example.com/org/x:T'],
    ['LOCALHOST/x', 'localhost/x:latest'],
    ['127.0.0.1:5000/a/b/c', '127.0.0.1:5000/a/b/c:latest'],
    ['[::1]:5000/x:t', '[::1]:5000/x:t'],
    [`ai/smollm2@${DIGEST}`, `docker.io/ai/smollm2@${DIGEST}`],
    [`smollm2:tag@${DIGEST}`, `docker.io/ai/smollm2@${DIGEST}`],
  ])('reads %j as %s', (text, name) => {
    expect(parseModelReference(text).name).toBe(name);
  });

  it('uses the registry it is given where none is named', () => {
    for (const registry of ['registry.local:5000', 'Registry.Local:5000'])
      expect(parseModelReference('smollm2', registry).name).toBe('registry.local:5000/ai/smollm2:latest');
  });

  it('reads its own names again to the same parts', () => {
    const texts = ['smollm2', 'localhost:5000/x:T', `a/b@${DIGEST}`, 'hf.co/a/B:Q8_0', 'hf.co/a/B:Q8_0@v1.0'];
    for (const text of texts) {
      const reference = parseModelReference(text);
      expect(parseModelReference(reference.name)).toEqual(reference);
    }
  });

  it('tells the quantization from the revision of a model on Hugging Face', () => {
    expect(parseModelReference('hf.co/Org/Repo:Q8_0@v1')).toEqual({
      registry: 'huggingface.co',
      repository: 'org/repo',
      tag: 'Q8_0',
      revision: 'v1',
      name: 'huggingface.co/org/repo:Q8_0@v1',
    });
  });

  it.each([
    'host.example:65536/x',
    'hf.co/repo',
    'hf.co/org/repo/blob',
    'hf.co/org/re..po',
    'hf.co/-org/repo',
    'hf.co/org/repo@',
    'hf.co/org/repo@refs/pr/1',
    'docker.io/org/repo@main',
    '',
    '   ',
    'a:b:c',
    'a//b',
    '/a',
    'a/',
    'a b',
    'a:',
    '../../etc/passwd',
    'http://host/x',
    'x@sha256:abc',
    `x@${DIGEST.toUpperCase()}`,
    'host.example:port/x',
    'a/b?c=d',
    'a\u0000b',
  ])('refuses %j with a sentence', (text) => {
    expect(() => parseModelReference(text)).toThrow(InvalidReference);
  });
});

describe('the length of a reference', () => {
  it('is what registries take, whatever the tag', () => {
    const longest = 'x'.repeat(255 - 'docker.io/ai/'.length);
    expect(parseModelReference(`${longest}:${'t'.repeat(128)}`).repository).toBe(`ai/${longest}`);
    expect(() => parseModelReference(`${longest}x`)).toThrow(/255 characters/);
  });

  it('is told without the reference where that is far too long', () => {
    expect(() => parseModelReference('x'.repeat(20_000))).toThrow(
      /^a model reference must not be longer than 512/,
    );
  });
});

describe('parseModelId', () => {
  it('takes a whole id with and without its prefix, and its first twelve digits', () => {
    const hex = '0a'.repeat(32);
    expect(parseModelId(`sha256:${hex}`)).toBe(hex);
    expect(parseModelId(hex)).toBe(hex);
    expect(parseModelId(hex.slice(0, 12))).toBe(hex.slice(0, 12));
  });

  it.each(['0a', '0'.repeat(13), `sha256:${'0'.repeat(12)}`, 'G'.repeat(12), 'AAAAAAAAAAAA'])(
    'takes %j for no id',
    (text) => {
      expect(parseModelId(text)).toBeUndefined();
    },
  );
});
