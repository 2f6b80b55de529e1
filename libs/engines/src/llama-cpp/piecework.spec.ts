import { describe, expect, it } from 'vitest';
import { nextSize } from './call-in-pieces.js';
import { MergedPieces, pieceOf } from './piecework.js';

const usage = (tokens: number) => ({ prompt_tokens: tokens, total_tokens: tokens });

describe('MergedPieces', () => {
  it('puts vectors together in the order of their texts', () => {
    const merged = new MergedPieces();
    merged.add({ object: 'list', model: 'm', data: [{ index: 0, embedding: [1] }], usage: usage(2) }, 0);
    merged.add({ object: 'list', model: 'm', data: [{ index: 0, embedding: [2] }], usage: usage(3) }, 1);
    expect(merged.merged()).toEqual({
      object: 'list',
      model: 'm',
      data: [
        { index: 0, embedding: [1] },
        { index: 1, embedding: [2] },
      ],
      usage: usage(5),
    });
  });

  it('ranks over all pieces and keeps the best', () => {
    const merged = new MergedPieces();
    const ranked = (scores: number[]) => ({
      results: scores.map((score, index) => ({ index, relevance_score: score })),
      usage: usage(1),
    });
    merged.add(ranked([0.1, 0.9]), 0);
    merged.add(ranked([0.5]), 2);
    expect(merged.merged(2)).toEqual({
      results: [
        { index: 1, relevance_score: 0.9 },
        { index: 2, relevance_score: 0.5 },
      ],
      usage: usage(2),
    });
  });

  it('keeps the shape of an answer that is an array', () => {
    const merged = new MergedPieces();
    merged.add([{ index: 0, score: 1 }], 0);
    merged.add([{ index: 0, score: 2 }], 1);
    expect(merged.merged()).toEqual([
      { index: 1, score: 2 },
      { index: 0, score: 1 },
    ]);
  });
});

it('cuts a piece out of a request', () => {
  const work = { member: 'documents', texts: ['a', 'b', 'c'], rest: { query: 'q' } };
  expect(JSON.parse(pieceOf(work, 1, 3))).toEqual({ query: 'q', documents: ['b', 'c'] });
});

it('makes pieces larger while they are quick and smaller when they are slow', () => {
  expect([nextSize(4, 10), nextSize(4, 100), nextSize(4, 500)]).toEqual([8, 4, 2]);
  expect([nextSize(256, 1), nextSize(1, 9_000)]).toEqual([256, 1]);
});
