import { expect, it } from 'vitest';
import { cleanPath } from './clean-path.js';

it.each([
  ['/models', '/models'],
  ['/models/', '/models/'],
  ['//models//ai/smollm2', '/models/ai/smollm2'],
  ['/./models/./ai/smollm2', '/models/ai/smollm2'],
  ['/engines/../models', '/models'],
  ['/../../models', '/models'],
  ['/models/..', '/'],
  ['/models/.?remote=//x', '/models?remote=//x'],
  ['/models/a..b/.c/..d', '/models/a..b/.c/..d'],
  ['/models?from=a/../b', '/models?from=a/../b'],
  ['*', '*'],
  ['', ''],
])('reads %j as %j', (target, cleaned) => {
  expect(cleanPath(target)).toBe(cleaned);
});
