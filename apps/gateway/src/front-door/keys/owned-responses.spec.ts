import type { FastifyRequest } from 'fastify';
import { describe, expect, it } from 'vitest';
import { ownedPrevious } from './owned-responses.js';

const digest = (digit: string): string => digit.repeat(24);
const ownedIn = (body: object): readonly string[] =>
  ownedPrevious({ body: JSON.stringify(body) } as FastifyRequest);

describe('the responses that a new one names', () => {
  it('are the one it goes on from and those whose items it refers to, each once', () => {
    const input = [
      { role: 'user', content: 'Hi' },
      { type: 'item_reference', id: `msg_${digest('b')}00` },
      { type: 'item_reference', id: `in_${digest('b')}_3` },
      { type: 'item_reference', id: `rs_${digest('c')}01` },
      { type: 'item_reference', id: 7 },
    ];
    expect(ownedIn({ previous_response_id: `resp_${digest('a')}`, input })).toEqual(
      ['a', 'b', 'c'].map(digest),
    );
  });

  it('are none for a plain request', () => {
    expect(ownedIn({ input: 'Hi', previous_response_id: null })).toEqual([]);
  });

  it('are refused when they are too many to be looked up', () => {
    const refer = (index: number) => ({
      type: 'item_reference',
      id: `msg_${String(index).padStart(24, '0')}00`,
    });
    const input = Array.from({ length: 201 }, (_, index) => refer(index));
    expect(() => ownedIn({ input })).toThrow('too many item references');
  });
});
