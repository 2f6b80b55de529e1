import { describe, expect, it } from 'vitest';
import { LongshoreError } from '#contracts';
import { decodeChat, decodeGenerate } from './decode-call.js';
import type { JsonObject } from './fields.js';

const HI = { model: 'm', messages: [{ role: 'user', content: 'Hi' }] };

function fieldOf(decode: () => unknown): string | undefined {
  try {
    decode();
  } catch (error) {
    if (error instanceof LongshoreError) return error.field;
    throw error;
  }
  throw new Error('It was accepted.');
}

describe('decodeChat', () => {
  it('puts what the name brings along under what the call says', () => {
    const defaults = {
      system: 'Be Mario.',
      parameters: { temperature: 0.1, num_predict: 5 },
      messages: [
        { role: 'user', content: 'Who are you?' },
        { role: 'assistant', content: 'Mario.' },
      ],
    };
    const { body } = decodeChat({ ...HI, options: { temperature: 0.9, seed: null } }, defaults);
    expect(body).toMatchObject({ temperature: 0.9, max_tokens: 5 });
    expect(body?.['messages']).toEqual([
      { role: 'system', content: 'Be Mario.' },
      ...defaults.messages,
      ...HI.messages,
    ]);
    const own = { model: 'm', messages: [{ role: 'system', content: 'Be Luigi.' }, ...HI.messages] };
    expect(decodeChat(own, { system: 'Be Mario.' }).body?.['messages']).toEqual(own.messages);
  });

  it('knows what only loads or unloads the model', () => {
    for (const messages of [undefined, null, []])
      expect(decodeChat({ model: 'm', messages }).body).toBeUndefined();
    expect(decodeChat({ model: 'm', keep_alive: '0s' })).toMatchObject({ keepAlive: 0 });
    expect(decodeChat({ model: 'm', options: { keep_alive: -3 } })).toMatchObject({ keepAlive: -1 });
  });

  it.each([-1, -2, 0])('takes num_predict %i for no limit', (limit) => {
    expect(decodeChat({ ...HI, options: { num_predict: limit } }).body).not.toHaveProperty('max_tokens');
  });

  it('goes by ids of calls where there are any, and by their order where there is nothing else', () => {
    const called = (id?: string) => ({ ...(id && { id }), function: { name: 'f', arguments: {} } });
    const results = [{ role: 'tool', tool_call_id: 'b' }, { role: 'tool' }, { role: 'tool' }];
    const messages = [{ role: 'assistant', tool_calls: [called('a'), called('b')] }, ...results];
    const told = decodeChat({ model: 'm', messages }).body?.['messages'] as JsonObject[];
    expect(told.slice(1).map((message) => message['tool_call_id'])).toEqual(['b', 'a', 'call_unknown']);
  });

  it.each([
    ['iVBORw0KGgo=', 'image/png'],
    ['/9j/4AAQ', 'image/jpeg'],
    ['R0lGODlh', 'image/gif'],
    ['UklGRiQAAABXRUJQVlA4', 'image/webp'],
    ['Qk02AAAA', 'image/bmp'],
  ])('finds the type of the image %s', (image, type) => {
    const { body } = decodeChat({ model: 'm', messages: [{ role: 'user', images: [image] }] });
    expect(JSON.stringify(body)).toContain(`data:${type};base64,${image}`);
  });

  it.each([
    [{ model: 5 }, 'model'],
    [{}, 'model'],
    [{ model: 'x'.repeat(2_000) }, 'model'],
    [{ ...HI, messages: {} }, 'messages'],
    [{ ...HI, messages: [7] }, 'messages[0]'],
    [{ ...HI, messages: [{ role: 'user', content: 5 }] }, 'messages[0].content'],
    [{ ...HI, messages: [{ role: 'user', images: ['http://10.0.0.1/x.png'] }] }, 'messages[0].images[0]'],
    [{ ...HI, messages: [{ role: 'user', images: ['aGFsbG8='] }] }, 'messages[0].images[0]'],
    [
      { ...HI, messages: [{ role: 'assistant', tool_calls: [{}] }] },
      'messages[0].tool_calls[0].function.name',
    ],
    [{ ...HI, tools: ['f'] }, 'tools[0]'],
    [{ ...HI, format: 'xml' }, 'format'],
    [{ ...HI, think: 'hard' }, 'think'],
    [{ ...HI, options: [] }, 'options'],
    [{ ...HI, options: { num_ctx: -1 } }, 'options.num_ctx'],
    [{ ...HI, options: { stop: [1] } }, 'options.stop'],
    [{ ...HI, options: { stop: ['END', ''] } }, 'options.stop'],
    [{ ...HI, options: { stop: '' } }, 'options.stop'],
    [{ ...HI, options: { top_k: 1.5 } }, 'options.top_k'],
    [{ ...HI, keep_alive: {} }, 'keep_alive'],
    [{ ...HI, top_logprobs: 21 }, 'top_logprobs'],
  ])('names the field at fault in %j', (body, field) => {
    expect(fieldOf(() => decodeChat(body))).toBe(field);
  });

  it('is not fooled by names that every object has', () => {
    const body = JSON.parse(
      '{"model":"m","options":{"__proto__":1,"constructor":2,"toString":3}}',
    ) as JsonObject;
    expect(decodeChat(body)).toMatchObject({ model: 'm' });
  });
});

describe('decodeGenerate', () => {
  it('takes the template that is none for raw', () => {
    const call = decodeGenerate({ model: 'm', prompt: 'x', template: '{{ .Prompt }}' });
    expect(call).toMatchObject({ route: '/v1/completions', body: { prompt: 'x' } });
  });

  it('gives the schema of a raw prompt where llama.cpp reads it', () => {
    const raw = { model: 'm', prompt: 'x', raw: true };
    const schema = { type: 'array' };
    expect(decodeGenerate({ ...raw, format: schema }).body).toMatchObject({ json_schema: schema });
    expect(decodeGenerate({ ...raw, format: 'json' }).body).toMatchObject({
      json_schema: { type: 'object' },
    });
    expect(decodeGenerate(raw).body).not.toHaveProperty('json_schema');
  });

  it('refuses images without a place for them', () => {
    const body = { model: 'm', prompt: 'x', raw: true, images: ['iVBORw0KGgo='] };
    expect(fieldOf(() => decodeGenerate(body))).toBe('images');
  });
});
