import { describe, expect, it } from 'vitest';
import { planCall } from './plan-call.js';

describe('what llama-server would ignore', () => {
  it.each([
    ['/v1/completions', { prompt: 'a', echo: true }, 'echo'],
    ['/v1/completions', { prompt: 'a', suffix: 'z' }, 'suffix'],
    ['/v1/embeddings', { input: 'a', dimensions: 4 }, 'dimensions'],
    ['/v1/embeddings', { input: ['a', 'b'], dimensions: 4 }, 'dimensions'],
  ])('is refused by name: %s %o', (route, request, name) => {
    expect(planCall(route, JSON.stringify(request))).toEqual({
      answer: 'refuse',
      reason: expect.stringMatching(new RegExp(`^'${name}' is not supported: .+\\.$`)) as string,
    });
  });

  it.each([
    ['/v1/completions', { prompt: 'a', echo: false, suffix: null }],
    ['/v1/completions', { prompt: 'a', suffix: '' }],
    ['/v1/embeddings', { input: 'a', dimensions: null }],
    ['/v1/chat/completions', { messages: [], echo: true }],
  ])('is taken where it asks for nothing: %s %o', (route, request) => {
    expect(planCall(route, JSON.stringify(request)).answer).not.toBe('refuse');
  });
});
