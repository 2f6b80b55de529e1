import { describe, expect, it } from 'vitest';
import type { CatalogueModel } from '#contracts';
import { reconcile } from './reconcile.js';

const ID = `sha256:${'0a'.repeat(32)}`;
const OTHER = `sha256:${'0b'.repeat(32)}`;

const known = (id: string, ...tags: string[]): CatalogueModel => ({
  id,
  tags,
  created: 0,
  config: {},
  size: 1,
  origin: '',
});

describe('a stored model and the catalogue', () => {
  it('have nothing to settle when both say the same, or the catalogue says nothing', () => {
    const nothing = { forget: [], untag: [], tag: [] };
    const removed = new Set<string>();
    expect(reconcile({ id: ID, tags: ['a'] }, { removed, known: [known(ID, 'a')] })).toEqual(nothing);
    expect(reconcile({ id: ID, tags: ['a'] }, { removed, known: [] })).toEqual(nothing);
  });

  it('forgets names that were removed, and the whole model when its id was', () => {
    const removed = new Set(['a', OTHER]);
    expect(reconcile({ id: ID, tags: ['a', 'b'] }, { removed, known: [] }).forget).toEqual(['a']);
    expect(reconcile({ id: OTHER, tags: ['a', 'b'] }, { removed, known: [] }).forget).toEqual([OTHER]);
  });

  it('gives names up that mean another model by now, and takes those it was given', () => {
    const catalogue = { removed: new Set<string>(), known: [known(ID, 'b', 'c'), known(OTHER, 'a')] };
    expect(reconcile({ id: ID, tags: ['a', 'b'] }, catalogue)).toEqual({
      forget: [],
      untag: ['a'],
      tag: ['c'],
    });
  });
});
