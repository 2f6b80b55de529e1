import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { format, resolveConfig } from 'prettier';
import { PAGES } from './pages.js';

describe('reference pages', () => {
  it.each(Object.entries(PAGES))(
    '%s says what the code says (`npm run docs` writes it)',
    async (path, render) => {
      const options = await resolveConfig(path);
      const expected = await format(await render(), { ...options, parser: 'markdown' });
      expect(await readFile(path, 'utf8')).toBe(expected);
    },
  );
});
