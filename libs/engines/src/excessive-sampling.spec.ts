import { describe, expect, it } from 'vitest';
import { excessiveSampling, LIST_LIMIT, LOOK_BACK_LIMIT } from './excessive-sampling.js';
import { planCall } from './llama-cpp/plan-call.js';

const many = (count: number) => Array.from({ length: count }, (_, index) => `b${index}`);

describe('excessiveSampling', () => {
  it.each([
    ['repeat_last_n', LOOK_BACK_LIMIT + 1],
    ['dry_penalty_last_n', 2 ** 31 - 1],
    ['samplers', Array.from({ length: LIST_LIMIT + 1 }, () => 'dry')],
    ['samplers', 'd'.repeat(LIST_LIMIT + 1)],
    ['dry_sequence_breakers', many(LIST_LIMIT + 1)],
  ])('names %s where it asks for more than any answer needs', (name, value) => {
    expect(excessiveSampling({ [name]: value })).toContain(`'${name}' must not`);
  });

  it.each([
    { repeat_last_n: LOOK_BACK_LIMIT, dry_penalty_last_n: -1 },
    { repeat_last_n: 0 },
    { repeat_last_n: '64' },
    { samplers: ['dry', 'top_k', 'temperature'], dry_sequence_breakers: many(LIST_LIMIT) },
    { samplers: 'edskypmxt' },
    {},
  ])('takes %j', (request) => {
    expect(excessiveSampling(request)).toBeUndefined();
  });

  it.each(['/v1/chat/completions', '/v1/completions'])(
    'keeps it from llama-server, which would fill the memory of the machine: %s',
    (route) => {
      const body = JSON.stringify({
        prompt: 'a',
        messages: [],
        repeat_penalty: 1.1,
        repeat_last_n: 2 ** 31 - 1,
      });
      expect(planCall(route, body)).toEqual({
        answer: 'refuse',
        reason: `'repeat_last_n' must not be larger than ${LOOK_BACK_LIMIT}; -1 stands for the whole context.`,
      });
    },
  );
});
