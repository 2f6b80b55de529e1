import { describe, expect, it } from 'vitest';
import type { SessionAnnouncement, WorkerAnnouncement } from '#contracts';
import { SMOLLM } from '../__fakes__/fake-models.js';
import { worker } from '../__fakes__/fake-workers.js';
import { session } from './__fixtures__/session.js';
import { runningModels } from './running-models.js';

const holding = (workerId: string, ...sessions: SessionAnnouncement[]): WorkerAnnouncement => ({
  ...worker(),
  workerId,
  sessions,
});

describe('runningModels', () => {
  it('shows a model once, with what all its workers say of it', () => {
    const at = Date.parse('2026-07-22T10:00:00.123Z');
    const workers = [
      holding('w2', session({ lastUsed: at - 5, keepAlive: 600_000, busy: 1, contextSize: 4_096 })),
      holding('w1', session({ lastUsed: at, state: 'loading', keepAlive: 300_000, contextSize: 2_048 })),
    ];
    expect(runningModels(workers, [SMOLLM])).toEqual([
      {
        backend_name: 'llama.cpp',
        model_name: 'docker.io/ai/smollm2:latest',
        mode: 'completion',
        last_used: '2026-07-22T10:00:00.123Z',
        in_use: true,
        keep_alive: '10m0s',
        context_size: 2_048,
        workers: ['w1', 'w2'],
      },
    ]);
  });

  it('keeps modes and engines apart, and says what is loading, for ever, or was never used', () => {
    const workers = [
      holding('w1', session({ state: 'loading' }), session({ mode: 'embedding', keepAlive: -1 })),
      holding('w2', session({ engine: 'vllm', mode: 'reranking', reference: 'ai/smollm2' })),
    ];
    const shown = runningModels(workers, [SMOLLM]);
    expect(shown.map(({ backend_name, mode, model_name }) => [backend_name, mode, model_name])).toEqual([
      ['vllm', 'reranking', 'ai/smollm2'],
      ['llama.cpp', 'completion', 'docker.io/ai/smollm2:latest'],
      ['llama.cpp', 'embedding', 'docker.io/ai/smollm2:latest'],
    ]);
    expect(shown[1]).toMatchObject({ loading: true, last_used: '0001-01-01T00:00:00Z' });
    expect(shown[1]).not.toHaveProperty('in_use');
    expect(shown[2]).toMatchObject({ keep_alive: '-1' });
  });

  it('does not show what is being ended and nobody uses, and names a deleted model by its id', () => {
    const gone = holding(
      'w1',
      session({ state: 'draining' }),
      session({ state: 'draining', mode: 'embedding', busy: 1 }),
    );
    expect(runningModels([gone], [])).toMatchObject([
      { mode: 'embedding', model_name: SMOLLM.id, in_use: true },
    ]);
    expect(runningModels([], [])).toEqual([]);
  });
});
