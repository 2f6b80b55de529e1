import { describe, expect, it } from 'vitest';
import { completionQueue, type WorkerAnnouncement } from '#contracts';
import { someHolds, someMayLoad } from './candidates.js';

const identity = { modelId: `sha256:${'a'.repeat(64)}`, mode: 'completion' } as const;
const queue = completionQueue({ variant: 'cpu', ...identity });

const worker = (facts: Partial<WorkerAnnouncement> = {}): WorkerAnnouncement => ({
  version: 1,
  workerId: 'w',
  variant: 'cpu',
  release: '1',
  host: 'h',
  pid: 1,
  draining: false,
  engines: [],
  sessions: [],
  memoryTotal: 1,
  memoryFree: 1,
  models: [],
  ...facts,
});

describe('candidates for a model', () => {
  it('are workers of the variant that take new work', () => {
    expect(someMayLoad(identity, 'cpu', [])).toBe(false);
    expect(someMayLoad(identity, 'cpu', [worker()])).toBe(true);
    expect(someMayLoad(identity, 'cpu', [worker({ variant: 'cuda' }), worker({ draining: true })])).toBe(
      false,
    );
  });

  it('are not those whose engines keep dying with it', () => {
    expect(someMayLoad(identity, 'cpu', [worker({ avoids: [queue] })])).toBe(false);
    expect(someMayLoad(identity, 'cpu', [worker({ avoids: ['another'] })])).toBe(true);
  });

  it('hold it already when they announce a session, be it still loading', () => {
    const session = { ...identity, engine: 'llama.cpp', slots: 0, busy: 0, lastUsed: 0 } as const;
    expect(someHolds(identity, 'cpu', [worker()])).toBe(false);
    expect(someHolds(identity, 'cpu', [worker({ sessions: [{ ...session, state: 'loading' }] })])).toBe(true);
    const embedding = { ...session, state: 'ready', mode: 'embedding' } as const;
    expect(someHolds(identity, 'cpu', [worker({ sessions: [embedding] })])).toBe(false);
  });
});
