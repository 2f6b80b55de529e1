import { describe, expect, it } from 'vitest';
import { completionQueue, type ModelFormat, type WorkerAnnouncement } from '#contracts';
import { otherWorker as worker } from './__fixtures__/other-worker.js';
import { hasMoreMemory, someHolds, whoMayLoad } from './candidates.js';

const identity = { modelId: `sha256:${'a'.repeat(64)}`, mode: 'completion' } as const;
const queue = completionQueue({ variant: 'cpu', ...identity });

const mayLoad = (others: readonly WorkerAnnouncement[], format: ModelFormat = 'gguf'): boolean =>
  whoMayLoad({ identity, format, variant: 'cpu' }, others).length > 0;

describe('candidates for a model', () => {
  it('are workers of the variant that take new work', () => {
    expect(mayLoad([])).toBe(false);
    expect(mayLoad([worker()])).toBe(true);
    expect(mayLoad([worker({ variant: 'cuda' }), worker({ draining: true })])).toBe(false);
  });

  it('are not those whose engines keep dying with it', () => {
    expect(mayLoad([worker({ avoids: [queue] })])).toBe(false);
    expect(mayLoad([worker({ avoids: ['another'] })])).toBe(true);
  });

  it('have an engine for its format', () => {
    expect(mayLoad([worker()], 'safetensors')).toBe(false);
  });

  it('run it in the mode that is asked for, with the engine that they use for its format', () => {
    const engine = { name: 'llama.cpp', driver: 'd', version: '1', formats: ['gguf'] } as const;
    const capable = { ...engine, modes: ['completion'] } as const;
    const embedder = { ...engine, modes: ['embedding'] } as const;
    expect(mayLoad([worker({ engines: [capable] })])).toBe(true);
    expect(mayLoad([worker({ engines: [embedder] })])).toBe(false);
    expect(mayLoad([worker({ engines: [{ ...capable, name: 'vllm' }, embedder] })])).toBe(false);
    const reranking = {
      identity: { ...identity, mode: 'reranking' },
      format: 'gguf',
      variant: 'cpu',
    } as const;
    expect(whoMayLoad(reranking, [worker()])).toEqual([]);
  });

  it('are attached to the server that has it, where it is the model of a server', () => {
    const engines = [{ name: 'openai', driver: 'd', version: '1', formats: ['remote'] }] as const;
    expect(mayLoad([worker({ engines })], 'remote')).toBe(false);
    expect(mayLoad([worker({ engines, models: [identity.modelId] })], 'remote')).toBe(true);
  });

  it('have more memory when that is worth a try, on their devices where they have some', () => {
    const here = { total: 100, free: 50 };
    expect(hasMoreMemory(worker({ memoryTotal: 101, memoryFree: 51 }), here)).toBe(false);
    expect(hasMoreMemory(worker({ memoryTotal: 120, memoryFree: 10 }), here)).toBe(true);
    expect(hasMoreMemory(worker({ memoryTotal: 100, memoryFree: 90 }), here)).toBe(true);
    const accelerators = [{ kind: 'nvidia', name: '', memoryTotal: 80, memoryFree: 20 }] as const;
    expect(hasMoreMemory(worker({ memoryTotal: 900, memoryFree: 900, accelerators }), here)).toBe(false);
  });

  it('hold it already when they announce a session, be it still loading', () => {
    const session = { ...identity, engine: 'llama.cpp', slots: 0, busy: 0, lastUsed: 0 } as const;
    expect(someHolds(identity, 'cpu', [worker()])).toBe(false);
    expect(someHolds(identity, 'cpu', [worker({ sessions: [{ ...session, state: 'loading' }] })])).toBe(true);
    const embedding = { ...session, state: 'ready', mode: 'embedding' } as const;
    expect(someHolds(identity, 'cpu', [worker({ sessions: [embedding] })])).toBe(false);
  });
});
