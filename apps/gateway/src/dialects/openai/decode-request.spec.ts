import { describe, expect, it } from 'vitest';
import { LongshoreError } from '#contracts';
import type { RequestFields } from '../../http/request-field.js';
import { decodeRequest } from './decode-request.js';
import { CHAT_FIELDS, COMPLETION_FIELDS } from './request-fields.js';

function refusalOf(
  body: unknown,
  fields: RequestFields = {},
): Pick<LongshoreError, 'code' | 'field' | 'message'> {
  try {
    decodeRequest(body, fields);
  } catch (error) {
    if (error instanceof LongshoreError)
      return { code: error.code, field: error.field, message: error.message };
    throw error;
  }
  throw new Error('was accepted');
}

describe('decodeRequest', () => {
  it('reads the model and whether the caller wants a stream, and nothing else', () => {
    const body = '{"model":"ai/smollm2","stream":true,"messages":[{"role":7}],"temperature":"hot"}';
    expect(decodeRequest(body)).toEqual({ model: 'ai/smollm2', streaming: true });
  });

  it.each(['{"model":"m"}', '{"model":"m","stream":false}', '{"model":"m","stream":null}'])(
    'takes %s for a request without a stream',
    (body) => {
      expect(decodeRequest(body)).toEqual({ model: 'm', streaming: false });
    },
  );

  it.each([
    ['priority', 5],
    ['flex', 15],
    ['auto', undefined],
    ['default', undefined],
    [7, undefined],
    [null, undefined],
  ])('reads the priority of the service tier %j', (tier, priority) => {
    const body = JSON.stringify({ model: 'm', service_tier: tier });
    expect(decodeRequest(body).priority).toBe(priority);
  });

  it('takes the last of repeated fields, as engines do', () => {
    expect(decodeRequest('{"model":"a","model":"b"}').model).toBe('b');
  });

  it('tells which requests begin alike', () => {
    const affinityOf = (content: string): string | undefined =>
      decodeRequest(JSON.stringify({ model: 'm', messages: [{ role: 'user', content }] })).affinity;
    expect(affinityOf('a')).toEqual(expect.any(String));
    expect(affinityOf('a')).toBe(affinityOf('a'));
    expect(affinityOf('a')).not.toBe(affinityOf('b'));
  });

  it('names the field at fault', () => {
    expect(refusalOf('{}')).toEqual({ code: 'model_required', field: 'model', message: 'model is required' });
    expect(refusalOf('{"model":7}')).toEqual({
      code: 'invalid_request',
      field: 'model',
      message: '"model" must be a string.',
    });
    expect(refusalOf('{"model":"m","stream":"no"}')).toEqual({
      code: 'invalid_request',
      field: 'stream',
      message: '"stream" must be true or false.',
    });
  });

  it.each([{ stop: '' }, { stop: [''] }, { stop: ['END', ''] }])(
    'refuses an empty text to stop at: %j',
    ({ stop }) => {
      for (const fields of [CHAT_FIELDS, COMPLETION_FIELDS])
        expect(refusalOf(JSON.stringify({ model: 'm', stop }), fields)).toEqual({
          code: 'invalid_request',
          field: 'stop',
          message: '"stop" must not hold an empty text: every answer would end before it begins.',
        });
      // An attached server may take them.
      expect(decodeRequest(JSON.stringify({ model: 'm', stop })).model).toBe('m');
    },
  );

  it.each([{ stop: null }, { stop: [] }, { stop: 'END' }, { stop: [' ', 'END'] }])(
    'leaves any other text to stop at to the engine: %j',
    ({ stop }) => {
      expect(decodeRequest(JSON.stringify({ model: 'm', stop }), CHAT_FIELDS).model).toBe('m');
    },
  );

  it('is not fooled by names that every object has', () => {
    expect(refusalOf('{"__proto__":{"model":"m"}}')).toMatchObject({ code: 'model_required' });
  });

  it.each([undefined, null, 7, {}, ''])('refuses a body that is not text: %j', (body) => {
    expect(refusalOf(body)).toMatchObject({ code: 'invalid_request', field: undefined });
  });

  it('refuses JSON that is nested beyond reason without failing itself', () => {
    const depth = 2_000_000;
    expect(refusalOf('['.repeat(depth))).toMatchObject({ code: 'invalid_request' });
    const nested = (levels: number): string => `{"model":"m","x":${'['.repeat(levels)}${']'.repeat(levels)}}`;
    expect(refusalOf(nested(100_000))).toMatchObject({ code: 'invalid_request' });
    expect(refusalOf(nested(256)).message).toContain('more than 256 levels');
    expect(decodeRequest(nested(255)).model).toBe('m');
  });
});
