import { describe, expect, it } from 'vitest';
import {
  checkContract,
  CompletionJob,
  completionQueue,
  ContractViolation,
  ControlMessage,
  ERRORS,
  Names,
  parseRequestId,
  parseCompletionQueue,
  parseContract,
  VARIANTS,
  WorkerAnnouncement,
} from './index.js';

const MODEL = `sha256:${'a'.repeat(64)}`;
const job = {
  version: 1,
  requestId: 'r',
  gatewayId: 'g',
  stream: 1,
  route: '/v1/chat/completions',
  mode: 'completion',
  modelId: MODEL,
  body: '{}',
  streaming: true,
  deadline: 1,
};

const problems = (check: () => unknown): readonly string[] => {
  try {
    check();
    return [];
  } catch (error) {
    if (error instanceof ContractViolation) return error.problems;
    throw error;
  }
};

describe('contracts', () => {
  it('takes a job through JSON and back', () => {
    expect(parseContract(CompletionJob, JSON.stringify(job))).toEqual(
      Object.assign(new CompletionJob(), job),
    );
  });

  it('names every field that is wrong', () => {
    const wrong = { ...job, stream: -1, route: '/etc/passwd', modelId: 'x', body: 7 };
    const fields = problems(() => checkContract(CompletionJob, wrong)).map(
      (problem) => problem.split(' ')[0],
    );
    expect(new Set(fields)).toEqual(new Set(['stream', 'route', 'modelId', 'body']));
  });

  it('refuses an envelope of a version it does not know', () => {
    expect(problems(() => checkContract(CompletionJob, { ...job, version: 2 }))).toEqual([
      'version must not be greater than 1',
    ]);
  });

  it('keeps fields of a newer sender out instead of refusing them', () => {
    expect(
      checkContract(ControlMessage, { version: 1, kind: 'cancel', requestId: 'r', later: true }),
    ).not.toHaveProperty('later');
  });

  it('names the place of a problem inside a list', () => {
    const announcement = { version: 1, sessions: [{ modelId: 'x' }] };
    const found = problems(() => checkContract(WorkerAnnouncement, announcement));
    expect(found.some((problem) => problem.startsWith('sessions.0.modelId must match'))).toBe(true);
  });

  it.each([
    ['null', 'must be an object'],
    ['[]', 'must be an object'],
    ['{', 'is not JSON'],
  ])('refuses %s', (json, problem) => {
    expect(problems(() => parseContract(ControlMessage, json))).toEqual([problem]);
  });
});

describe('names', () => {
  it('reads back what a completion queue serves', () => {
    for (const variant of VARIANTS) {
      const parts = { variant, modelId: MODEL, mode: 'embedding' } as const;
      expect(parseCompletionQueue(completionQueue(parts))).toEqual(parts);
    }
  });

  it('takes no other queue for a completion queue', () => {
    expect(parseCompletionQueue('pull.cpu')).toBeUndefined();
    expect(parseCompletionQueue('completion.cpu.abc.completion')).toBeUndefined();
  });

  it('puts all keys of a queue into one hash slot and every name under the namespace', () => {
    const names = new Names('mine');
    expect(names.queueKey('pull.cpu')).toBe('mine:{pull.cpu}');
    expect(
      [names.replyChannel('g'), names.workerKey('w'), names.catalogueTagsKey()].every((name) =>
        name.startsWith('mine:'),
      ),
    ).toBe(true);
  });
});

describe('a request id', () => {
  it('is written in one way only', () => {
    expect(parseRequestId('gw-1.0')).toEqual({ gatewayId: 'gw-1', stream: 0 });
    expect(parseRequestId('gw-1.4294967295')).toEqual({ gatewayId: 'gw-1', stream: 4_294_967_295 });
    for (const text of [
      'gw-1.',
      'gw-1.01',
      'gw-1.+1',
      'gw-1.1e3',
      'gw-1.4294967296',
      '.1',
      'gw-1.1.1',
      'gw:1.1',
    ])
      expect(parseRequestId(text)).toBeUndefined();
  });
});

describe('the error catalogue', () => {
  it('keeps 503 for a cluster that is not there', () => {
    const codes = Object.entries(ERRORS).filter(([, { status }]) => status === 503);
    expect(codes.map(([code]) => code).sort()).toEqual(['no_worker', 'redis_unavailable', 'shutting_down']);
  });

  it('tells the caller what to do in every entry', () => {
    for (const { meaning, advice } of Object.values(ERRORS)) {
      expect(meaning).toMatch(/^[A-Z].*\.$/);
      expect(advice).toMatch(/^[A-Z].*\.$/);
    }
  });
});
