import { describe, expect, it } from 'vitest';
import { digestKey, readCount, readLastEventId, readResumption } from './read-resumption.js';

describe('readResumption', () => {
  it('has nothing to say of a plain request', () => {
    expect(readResumption({ 'last-event-id': 'whatever' })).toEqual({});
    expect(readResumption({ 'x-longshore-resumable': 'false', 'x-stream-ids': 'false' })).toEqual({});
  });

  it('takes a request with a key for one whose client may come back', () => {
    const { resumption } = readResumption({ 'idempotency-key': 'k', 'last-event-id': '12' });
    expect(resumption).toMatchObject({ resumable: true, after: 12, eventIds: false });
    expect(resumption?.key).toMatch(/^[0-9a-f]{64}$/);
  });

  it('reads what may be asked for without a key', () => {
    expect(readResumption({ 'x-longshore-resumable': 'true' }).resumption).toMatchObject({
      resumable: true,
      eventIds: false,
    });
    expect(readResumption({ 'x-stream-ids': 'true' }).resumption).toMatchObject({
      resumable: false,
      eventIds: true,
    });
  });

  it.each([
    [{ 'x-longshore-resumable': 'maybe' }, 'x-longshore-resumable must be true or false'],
    [{ 'x-stream-ids': '1' }, 'x-stream-ids must be true or false'],
    [{ 'idempotency-key': '' }, 'Idempotency-Key must have 1 to 255'],
    [{ 'idempotency-key': 'a b' }, 'Idempotency-Key must have 1 to 255'],
    [{ 'idempotency-key': 'k', 'last-event-id': '-1' }, 'Last-Event-ID must be the number of events'],
  ])('refuses %j and names the header', (headers, message) => {
    expect(() => readResumption(headers)).toThrow(message);
  });
});

describe('digestKey', () => {
  it('tells callers apart, and keys', () => {
    const digests = [
      digestKey('k', {}),
      digestKey('l', {}),
      digestKey('k', { authorization: 'Bearer one' }),
      digestKey('k', { authorization: 'Bearer two' }),
    ];
    expect(new Set(digests).size).toBe(4);
    expect(digestKey('k', { authorization: 'Bearer one' })).toBe(digests[2]);
  });

  it('takes a key of 255 characters and none longer', () => {
    expect(digestKey('x'.repeat(255), {})).toMatch(/^[0-9a-f]{64}$/);
    expect(() => digestKey('x'.repeat(256), {})).toThrow(
      expect.objectContaining({ code: 'invalid_request' }),
    );
  });
});

describe('readCount', () => {
  it.each(['', '-1', '1.5', 'one', '1e3', '9'.repeat(16)])('refuses %j', (text) => {
    expect(() => readCount(text, 'after')).toThrow('after must be the number of events');
  });

  it('counts from 0, and an empty header counts for none', () => {
    expect(readCount('0', 'after')).toBe(0);
    expect(readLastEventId({ 'last-event-id': '' })).toBeUndefined();
  });
});
