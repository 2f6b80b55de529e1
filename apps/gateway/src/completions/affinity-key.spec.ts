import { describe, expect, it } from 'vitest';
import { affinityKey } from './affinity-key.js';

const system = { role: 'system', content: 'You are the harbour master.' };
const user = { role: 'user', content: 'Which ships are in?' };
const rest = [
  { role: 'assistant', content: 'Two.' },
  { role: 'user', content: 'Their names?' },
];
const key = (messages: unknown): string | undefined => affinityKey({ messages });

describe('affinityKey', () => {
  it('is the same for all turns of a conversation, whatever else they ask for', () => {
    expect(affinityKey({ messages: [system, user, ...rest], temperature: 1, stream: true })).toBe(
      key([system, user]),
    );
  });

  it.each([
    ['another beginning', [{ ...system, content: 'You are a pilot.' }, user]],
    ['another first message of the user', [system, { ...user, content: 'Which ships are out?' }]],
    ['no beginning', [user]],
    ['an image', [system, { ...user, content: [{ type: 'image_url', image_url: { url: 'data:,a' } }] }]],
  ])('differs for a conversation with %s', (_, messages) => {
    expect(key(messages)).toEqual(expect.any(String));
    expect(key(messages)).not.toBe(key([system, user]));
  });

  it('tells long texts apart by how they begin, how they end and how long they are', () => {
    const long = (text: string): string | undefined => key([{ role: 'user', content: text }]);
    const middle = 'x'.repeat(100_000);
    const texts = [`a${middle}b`, `c${middle}b`, `a${middle}d`, `a${middle}xb`];
    expect(new Set(texts.map(long)).size).toBe(4);
  });

  it('is made of the first 1,024 characters of a prompt, or of the first of several prompts', () => {
    const prompt = 'p'.repeat(1_024);
    expect(affinityKey({ prompt: `${prompt}one` })).toBe(affinityKey({ prompt: `${prompt}two` }));
    expect(affinityKey({ prompt: [`${prompt}one`, 'other'] })).toBe(affinityKey({ prompt }));
    expect(affinityKey({ prompt: 'one' })).not.toBe(affinityKey({ prompt: 'two' }));
    expect(affinityKey({ prompt: [1, 2] })).not.toBe(affinityKey({ prompt: [1, 3] }));
    expect(affinityKey({ prompt: [[1, 2], [4]] })).toBe(affinityKey({ prompt: [1, 2] }));
    expect(affinityKey({ input: 'one' })).toBe(affinityKey({ prompt: 'one' }));
  });

  it.each([
    {},
    { messages: [] },
    { messages: [{ role: 7 }, null, 'user'] },
    { messages: 'text' },
    { messages: [system] },
    { prompt: [] },
    { prompt: 7 },
    { prompt: [null] },
  ])('is nothing for what has no beginning: %j', (body) => {
    expect(affinityKey(body)).toBeUndefined();
  });

  it('looks at a bounded part of a message, however large it is', () => {
    const parts = Array.from({ length: 100_000 }, (_, index) => ({ type: 'text', text: `${index}` }));
    const changed = parts.with(99_999, { type: 'text', text: 'other' });
    expect(key([{ role: 'user', content: parts }])).toBe(key([{ role: 'user', content: changed }]));
  });
});

describe('a caller who names a cache', () => {
  it('is believed, whatever the prompt begins with', () => {
    const asked = (content: string, key?: unknown) =>
      affinityKey({ messages: [{ role: 'user', content }], prompt_cache_key: key });
    expect(asked('a', 'k')).toBe(asked('b', 'k'));
    expect(asked('a', 'k')).not.toBe(asked('a', 'l'));
    for (const nothing of ['', null, 7, undefined]) expect(asked('a', nothing)).toBe(asked('a'));
  });
});
