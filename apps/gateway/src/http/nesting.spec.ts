import { expect, it } from 'vitest';
import { isDeeperThan, refuseDeepNesting } from './nesting.js';

it('counts objects and arrays, the outermost too', () => {
  const data: unknown = JSON.parse('{"a":1,"b":[{"c":null},2]}');
  expect(isDeeperThan(2, data)).toBe(true);
  expect(isDeeperThan(3, data)).toBe(false);
  expect(isDeeperThan(0, 'text')).toBe(false);
});

it('takes what would be too deep for a recursive function', () => {
  expect(isDeeperThan(256, JSON.parse(`${'['.repeat(100_000)}${']'.repeat(100_000)}`))).toBe(true);
});

it('refuses a body that is nested too deeply, whatever opens its levels', () => {
  for (const [open, close] of [
    ['[', ']'],
    ['{"a":', '}'],
  ] as const) {
    const text = `${open.repeat(300)}1${close.repeat(300)}`;
    expect(() => refuseDeepNesting(text, JSON.parse(text))).toThrow('256 levels');
  }
  const fine = `${'['.repeat(250)}${']'.repeat(250)}${' '.repeat(200)}`;
  expect(() => refuseDeepNesting(fine, JSON.parse(fine))).not.toThrow();
});
