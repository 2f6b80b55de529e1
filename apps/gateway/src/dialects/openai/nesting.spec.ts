import { expect, it } from 'vitest';
import { isDeeperThan } from './nesting.js';

it('counts objects and arrays, the outermost too', () => {
  const data: unknown = JSON.parse('{"a":1,"b":[{"c":null},2]}');
  expect(isDeeperThan(2, data)).toBe(true);
  expect(isDeeperThan(3, data)).toBe(false);
  expect(isDeeperThan(0, 'text')).toBe(false);
});

it('takes what would be too deep for a recursive function', () => {
  expect(isDeeperThan(256, JSON.parse(`${'['.repeat(100_000)}${']'.repeat(100_000)}`))).toBe(true);
});
