import { describe, expect, it } from 'vitest';
import { attachedEndpoint } from './attached-server.js';

describe('attachedEndpoint', () => {
  it.each([
    ['http://127.0.0.1:8000', 'http://127.0.0.1:8000'],
    ['http://127.0.0.1:8000/', 'http://127.0.0.1:8000'],
    ['http://127.0.0.1:8000/v1', 'http://127.0.0.1:8000'],
    ['https://example.com/prefix/v1/', 'https://example.com/prefix'],
    ['https://example.com/engines/llama.cpp', 'https://example.com/engines/llama.cpp'],
  ])('puts routes behind the path of %s', (url, expected) => {
    expect(attachedEndpoint({ url })).toEqual({ url: expected, headers: {} });
  });

  it('sends the key as a bearer token', () => {
    expect(attachedEndpoint({ url: 'https://example.com', key: 'k' }).headers).toEqual({
      authorization: 'Bearer k',
    });
  });

  it.each([
    ['nonsense', /must be an address/],
    ['ftp://example.com', /must be an address/],
    ['https://me:hunter2@example.com', /set OPENAI_ENGINE_KEY/],
    ['https://example.com/?key=hunter2', /without "\?"/],
  ])('refuses %s without repeating it', (url, sentence) => {
    expect(() => attachedEndpoint({ url })).toThrow(sentence);
    expect(() => attachedEndpoint({ url })).not.toThrow('hunter2');
  });
});
