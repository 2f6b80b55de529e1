import { describe, expect, it } from 'vitest';
import { withServedModel } from './served-model.js';

describe('withServedModel', () => {
  it.each([
    ['a plain body', '{"model":"a","messages":[]}', '{"model":"NEW","messages":[]}'],
    [
      'one at the end, with space around it',
      '{ "n" : 1 , "model" :\t"a" }',
      '{ "n" : 1 , "model" :\t"NEW" }',
    ],
    ['a name with quotes and backslashes', String.raw`{"model":"a\"b\\","x":1}`, '{"model":"NEW","x":1}'],
    ['a key that is written with escapes', String.raw`{"mod\u0065l":"a"}`, String.raw`{"mod\u0065l":"NEW"}`],
    ['each of several', '{"model":"a","x":2,"model":"b"}', '{"model":"NEW","x":2,"model":"NEW"}'],
    ['a value that is no string', '{"model":{"model":["}",1]},"x":1}', '{"model":"NEW","x":1}'],
    [
      'null, a number and a list',
      '{"model":null,"model":1.5e3,"model":[1]}',
      '{"model":"NEW","model":"NEW","model":"NEW"}',
    ],
    ['line feeds before the object', '\n {"model":"a"}\n', '\n {"model":"NEW"}\n'],
  ])('replaces %s', (_, body, expected) => {
    expect(withServedModel(body, 'NEW')).toBe(expected);
  });

  it.each([
    ['members deeper inside', '{"a":{"model":"x"},"b":[{"model":"y"}],"model":"a"}'],
    ['text that looks like one', String.raw`{"prompt":"\"model\":\"x\" } {","model":"a"}`],
    ['numbers that JavaScript would change', '{"seed":18446744073709551615,"t":1.0,"model":"a"}'],
    ['text of other scripts', '{"prompt":"é🙂\\ud83d","model":"a"}'],
  ])('leaves %s as they are', (_, body) => {
    expect(withServedModel(body, 'NEW')).toBe(body.replace(/"model":"a"\}$/, '"model":"NEW"}'));
  });

  it('adds the name where there is none', () => {
    expect(withServedModel('{"input": {"model":"x"} }\n', 'a"b')).toBe(
      '{"input": {"model":"x"},"model":"a\\"b"}\n',
    );
    expect(withServedModel(' { } ', 'a')).toBe(' {"model":"a"} ');
  });

  it.each(['', '[{"model":"a"}]', '"model"', '{"model":"a"', 'null'])('leaves %j to the engine', (body) => {
    expect(withServedModel(body, 'NEW')).toBe(body);
  });

  it('rewrites a body of some megabytes within a second of work', () => {
    const body = JSON.stringify({ prompt: '\\"{['.repeat(1_000_000), model: 'a' });
    const before = process.cpuUsage();
    expect(withServedModel(body, 'NEW')).toBe(body.replace(/"a"\}$/, '"NEW"}'));
    // Time of the processor, which a busy machine does not stretch.
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1_000).toBeLessThan(1_000);
  });
});
