import { describe, expect, it } from 'vitest';
import { planCollection, type StoreContents } from './plan-collection.js';

const DAY = 24 * 60 * 60 * 1000;
const RULES = { leftoverAge: DAY, keep: new Set<string>() };
const NOTHING: StoreContents = {
  models: new Map(),
  trash: new Map(),
  blobs: new Map(),
  bundles: [],
  origins: [],
};

describe('planCollection', () => {
  it('takes the blobs of a removed model at once, but none that another model needs', () => {
    const plan = planCollection(
      {
        ...NOTHING,
        models: new Map([['b', ['licence', 'b1']]]),
        trash: new Map([['a', { blobs: ['licence', 'a1'], leased: false }]]),
        blobs: new Map([
          ['licence', 0],
          ['a1', 0],
          ['b1', 0],
        ]),
        bundles: ['a', 'b'],
        origins: ['a', 'b'],
      },
      RULES,
    );
    expect(plan).toEqual({ blobs: ['a1'], bundles: ['a'], origins: ['a'], trash: ['a'] });
  });

  it('leaves a removed model that an engine has, and what it shares with another removed one', () => {
    const plan = planCollection(
      {
        ...NOTHING,
        trash: new Map([
          ['a', { blobs: ['shared', 'a1'], leased: true }],
          ['b', { blobs: ['shared', 'b1'], leased: false }],
        ]),
        blobs: new Map([
          ['shared', 9 * DAY],
          ['a1', 9 * DAY],
          ['b1', 0],
        ]),
        bundles: ['a', 'b'],
      },
      RULES,
    );
    expect(plan).toEqual({ blobs: ['b1'], bundles: ['b'], origins: [], trash: ['b'] });
  });

  it('leaves everything of a model that was removed and pulled again, and forgets the removal', () => {
    const plan = planCollection(
      {
        models: new Map([['a', ['a1']]]),
        trash: new Map([['a', { blobs: ['a1'], leased: false }]]),
        blobs: new Map([['a1', 0]]),
        bundles: ['a'],
        origins: ['a'],
      },
      RULES,
    );
    expect(plan).toEqual({ blobs: [], bundles: [], origins: [], trash: ['a'] });
  });

  it('takes blobs that nobody needs when they are old and nobody asks to keep them', () => {
    const blobs = new Map([
      ['old', DAY],
      ['kept', 2 * DAY],
      ['young', DAY - 1],
    ]);
    const rules = { leftoverAge: DAY, keep: new Set(['kept']) };
    expect(planCollection({ ...NOTHING, blobs }, rules).blobs).toEqual(['old']);
    expect(planCollection({ ...NOTHING, blobs }, { ...rules, leftoverAge: 0 }).blobs).toEqual([
      'old',
      'young',
    ]);
  });
});
