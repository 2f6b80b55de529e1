import type { ClassConstructor } from 'class-transformer';
import { describe, expect, it } from 'vitest';
import {
  CompletionJob,
  ControlMessage,
  LoadJob,
  PullEvent,
  ReplyAddress,
  SessionConfiguration,
  WorkerAnnouncement,
  WorkerDeparture,
} from './index.js';
import { quickCheckOf } from './quick-check.js';
import { checkInFull } from './validate.js';

const job = {
  version: 1,
  requestId: 'r',
  gatewayId: 'g',
  stream: 1,
  route: '/v1/chat/completions',
  mode: 'completion',
  modelId: `sha256:${'a'.repeat(64)}`,
  body: '{}',
  streaming: true,
  deadline: 1,
  logLimit: 0,
  logRetention: 60_000,
  once: true,
  resumeWindow: 5,
};

const ODD_VALUES: readonly unknown[] = [
  undefined,
  null,
  '',
  'x',
  '1',
  '/v1/embeddings',
  'embedding',
  job.modelId,
  `${job.modelId}\n`,
  new String('r'),
  0,
  -0,
  -1,
  1,
  2,
  1.5,
  NaN,
  Infinity,
  2 ** 32,
  -(2 ** 53),
  new Number(1),
  1n,
  true,
  false,
  [],
  ['x'],
  [1],
  {},
  new Date(0),
  () => 1,
  Symbol('x'),
];

/** The job with each member left out, and with every odd value in the place of each. */
const VARIATIONS: readonly object[] = Object.keys(job).flatMap((name) => [
  Object.fromEntries(Object.entries(job).filter(([other]) => other !== name)),
  ...ODD_VALUES.map((value) => ({ ...job, [name]: value })),
]);

/** An instance with its own members in their order; or why there is none. */
function full(contract: ClassConstructor<object>, data: object): unknown {
  try {
    const instance = checkInFull(contract, data);
    return [contract, Object.entries(instance), Object.getPrototypeOf(instance)];
  } catch (error) {
    return error;
  }
}

function quick(contract: ClassConstructor<object>, data: object): unknown {
  const instance = quickCheckOf(contract)?.(data);
  return instance && [contract, Object.entries(instance), Object.getPrototypeOf(instance)];
}

describe('the quick check of a contract', () => {
  it.each([CompletionJob, ReplyAddress])('accepts data that keeps to the rules of %o', (contract) => {
    expect(quick(contract, job)).toEqual(full(contract, job));
    expect(quick(contract, job)).toBeDefined();
  });

  it('accepts a job without what may be left out, and leaves out what is unknown', () => {
    const { logLimit: _, logRetention: __, once: ___, resumeWindow: ____, ...least } = job;
    const future = { ...least, ofTheFuture: { any: 'thing' } };
    expect(quick(CompletionJob, future)).toEqual(full(CompletionJob, least));
    expect(quickCheckOf(CompletionJob)?.(future)).not.toHaveProperty('ofTheFuture');
  });

  it('accepts nothing that is refused in full, and makes the same of what it accepts', () => {
    for (const contract of [CompletionJob, ReplyAddress]) {
      const accepted = VARIATIONS.filter((data) => quick(contract, data) !== undefined);
      expect(accepted.length).toBeGreaterThan(50);
      for (const data of accepted) expect(quick(contract, data)).toEqual(full(contract, data));
    }
  });

  it('leaves what is no plain object to the full one', () => {
    expect(quickCheckOf(ReplyAddress)?.(new Map(Object.entries(job)))).toBeUndefined();
    expect(quickCheckOf(ReplyAddress)?.(Object.assign(new ReplyAddress(), job))).toBeUndefined();
    expect(quickCheckOf(ReplyAddress)?.(Object.create(job) as object)).toBeUndefined();
  });

  it('is left to the full one where a contract holds more than plain values', () => {
    const contracts = [
      LoadJob,
      ControlMessage,
      WorkerAnnouncement,
      WorkerDeparture,
      PullEvent,
      SessionConfiguration,
    ];
    const flat = contracts.filter((contract) => quickCheckOf<object>(contract) !== undefined);
    expect(flat).toEqual([LoadJob, ControlMessage, WorkerDeparture]);
  });
});
