import { expect, it } from 'vitest';
import { IdempotentRuns, type IdempotentRunsParts } from './idempotent-runs.js';

const ANSWER = { status: 200, headers: {}, body: [] };
const REQUEST = {
  requestId: 'r',
  model: 'm',
  route: '/v1/embeddings',
  body: '{}',
  streaming: false,
} as const;

it('keeps a key for as long as the answer may take to a request whose gateway died before it was in a queue', async () => {
  const done: string[] = [];
  let claimed: { requestId: string; fingerprint: string } | undefined;
  let found: object | undefined;
  const parts = {
    records: {
      claim: async (_: string, claim: typeof claimed) => {
        const earlier = claimed;
        claimed ??= claim && { ...claim, requestId: 'dead.1' };
        return earlier;
      },
      claimOf: async () => claimed,
      isAlive: async () => false,
      keepClaim: async (key: string, ttl: number) => void done.push(`keep ${key} ${ttl}`),
    },
    follower: { find: async () => found, follow: async () => ANSWER },
    acceptance: {
      keyRetention: 600_000,
      place: async () => ({}),
      accept: async () => {
        done.push('accept');
        found = { requestId: 'dead.1' };
      },
    },
    allocate: () => ({ gatewayId: 'g', stream: 1 }),
    begin: async () => ANSWER,
  };
  const runs = new IdempotentRuns(parts as unknown as IdempotentRunsParts);
  const keyed = { request: REQUEST, key: 'k', after: 0, eventIds: false };
  const { signal } = new AbortController();
  await runs.run(keyed, signal);
  expect(done).toEqual([]);
  await runs.run(keyed, signal);
  expect(done).toEqual(['keep k 600000', 'accept']);
});

it('takes requests of one body for different ones where they differ in more than that', async () => {
  let claimed: object | undefined;
  const parts = {
    records: {
      claim: async (_: string, claim: object) => {
        const earlier = claimed;
        claimed ??= claim;
        return earlier;
      },
    },
    follower: { find: async () => ({ requestId: 'g.1' }), follow: async () => ANSWER },
    acceptance: { keyRetention: 600_000 },
    allocate: () => ({ gatewayId: 'g', stream: 1 }),
    begin: async () => ANSWER,
  };
  const runs = new IdempotentRuns(parts as unknown as IdempotentRunsParts);
  const { signal } = new AbortController();
  const run = (identity: string) =>
    runs.run({ request: { ...REQUEST, identity }, key: 'k', after: 0, eventIds: false }, signal);
  expect(await run('one')).toBe(ANSWER);
  expect(await run('one')).toBe(ANSWER);
  await expect(run('other')).rejects.toMatchObject({ code: 'idempotency_conflict' });
});
