import { expect, it } from 'vitest';
import { grammarDepth } from './grammar-depth.js';

it.each([
  ['', 0],
  ['root ::= "a" | "b"', 0],
  ['root ::= ("a" | ("b"))', 2],
  ['root ::= ("a") ("b") ("c")', 1],
  [')))root ::= ("a")', 1],
  [`root ::= ${'('.repeat(30_000)}`, 30_000],
])('finds how deep the brackets of a grammar stand', (grammar, depth) => {
  expect(grammarDepth(grammar)).toBe(depth);
});
