import { describe, expect, it } from 'vitest';
import { parseModelReference } from '#contracts';
import { StoreLayout, readRefName } from './store-layout.js';

describe('StoreLayout', () => {
  it('names the files of tags that differ in capitals differently where file names do not', () => {
    const layout = new StoreLayout('/store', false);
    const files = ['Q4_K_M', 'q4_k_m', 'Q4_k_m'].map((tag) => {
      const path = layout.ref(parseModelReference(`r.io/a/b:${tag}`));
      return path.slice(path.lastIndexOf('/') + 1);
    });
    expect(new Set(files.map((file) => file.toLowerCase())).size).toBe(3);
    expect(files.map(readRefName)).toEqual(['Q4_K_M', 'q4_k_m', 'Q4_k_m']);
  });
});
