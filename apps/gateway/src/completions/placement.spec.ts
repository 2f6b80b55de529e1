import { describe, expect, it } from 'vitest';
import {
  type CatalogueModel,
  completionQueue,
  type EngineAnnouncement,
  type WorkerAnnouncement,
} from '#contracts';
import { MODEL_ID as ID, session, worker as announced } from './__fixtures__/announce.js';
import { engineFor, place } from './placement.js';

const model: CatalogueModel = {
  id: ID,
  tags: [],
  created: 0,
  config: { format: 'gguf' },
  size: 0,
  origin: '',
};
const request = { model, mode: 'completion' } as const;

const worker = (changes: Partial<WorkerAnnouncement> = {}): WorkerAnnouncement =>
  announced([], {
    engines: [{ name: 'llama.cpp', driver: 'llama-server', version: '1', formats: ['gguf'] }],
    ...changes,
  });

const vllm = worker({
  variant: 'vllm-cuda',
  engines: [{ name: 'vllm', driver: 'vllm', version: '1', formats: ['safetensors'] }],
});

const sglang: EngineAnnouncement = {
  name: 'sglang',
  driver: 'sglang',
  version: '1',
  formats: ['safetensors'],
};

describe('place', () => {
  it('asks for a load when no worker holds the model', () => {
    expect(place(request, [worker()])).toEqual({
      variant: 'cpu',
      queue: completionQueue({ variant: 'cpu', modelId: ID, mode: 'completion' }),
      engine: 'llama.cpp',
      needsLoad: true,
      reason: 'capable',
    });
  });

  it('prefers the variant that holds the model over one that has only its file', () => {
    const cuda = worker({ variant: 'cuda', models: [ID] });
    expect(place(request, [cuda, worker({ sessions: [session()] })])).toMatchObject({
      variant: 'cpu',
      needsLoad: false,
      reason: 'resident',
    });
  });

  it('prefers the variant that has the file over one that has to fetch it', () => {
    expect(place(request, [worker(), worker({ variant: 'cuda', models: [ID] })])).toMatchObject({
      variant: 'cuda',
      reason: 'stored',
    });
  });

  it('prefers more free slots among variants that hold the model', () => {
    const cpu = worker({ sessions: [session({ busy: 4 })] });
    const cuda = worker({ variant: 'cuda', sessions: [session({ busy: 1 })] });
    expect(place(request, [cpu, cuda]).variant).toBe('cuda');
  });

  it.each(['loading', 'draining'] as const)('does not count a session that is %s', (state) => {
    expect(place(request, [worker({ sessions: [session({ state })] })]).needsLoad).toBe(true);
  });

  it('does not count a session of another mode', () => {
    expect(place({ ...request, mode: 'embedding' }, [worker({ sessions: [session()] })]).needsLoad).toBe(
      true,
    );
  });

  it('says that no worker is alive, also when all that are left are draining', () => {
    expect(() => place(request, [])).toThrow(expect.objectContaining({ code: 'no_worker' }));
    expect(() => place(request, [worker({ draining: true })])).toThrow(
      expect.objectContaining({ code: 'no_worker' }),
    );
  });

  it('waits for a kind of worker that is started on demand when no live one can run the model', () => {
    const standby = ['vllm-cuda', 'cuda', 'cpu'] as const;
    const waking = { variant: 'cuda', engine: 'llama.cpp', needsLoad: true, reason: 'standby' };
    expect(place(request, [], standby)).toMatchObject(waking);
    expect(place(request, [vllm], standby)).toMatchObject(waking);
    expect(place(request, [worker()], standby)).toMatchObject({ variant: 'cpu', reason: 'capable' });
  });

  it('does not wait for one whose engine is not for such models, or not the one that was asked for', () => {
    expect(() => place(request, [], ['vllm-cuda'])).toThrow(expect.objectContaining({ code: 'no_worker' }));
    expect(() => place({ ...request, engine: 'vllm' }, [worker()], ['cuda'])).toThrow(
      expect.objectContaining({ code: 'no_capable_worker' }),
    );
  });

  it('says which variants are there when none can run the model', () => {
    expect(() => place(request, [vllm])).toThrow(
      'No live worker has an engine for gguf models; live variants: vllm-cuda.',
    );
  });

  it('honours the engine that the path names, or says that nobody has it', () => {
    expect(() => place({ ...request, engine: 'vllm' }, [worker(), vllm])).toThrow(
      'No live worker has vllm for a gguf model; live variants: cpu, vllm-cuda. They run such models with llama.cpp.',
    );
    expect(place({ ...request, engine: 'llama.cpp' }, [worker(), vllm])).toMatchObject({
      variant: 'cpu',
      engine: 'llama.cpp',
    });
  });

  it('does not honour an engine that a worker has and does not use for the format', () => {
    const both = worker({ engines: [sglang, ...vllm.engines] });
    const safetensors = { ...model, config: { format: 'safetensors' as const } };
    expect(place({ ...request, model: safetensors }, [both]).engine).toBe('vllm');
    expect(() => place({ ...request, model: safetensors, engine: 'sglang' }, [both])).toThrow(
      'No live worker has sglang for a safetensors model; live variants: cpu. They run such models with vllm.',
    );
  });

  it('honours an engine by another variant where workers of the first differ, and says so where there is none', () => {
    const safetensors = { ...model, config: { format: 'safetensors' as const } };
    const wanted = { ...request, model: safetensors, engine: 'vllm' as const };
    const mixed = [worker({ engines: vllm.engines }), worker({ engines: [sglang] })];
    expect(place(wanted, [...mixed, vllm]).variant).toBe('vllm-cuda');
    expect(() => place(wanted, mixed)).toThrow(
      'No variant runs safetensors models with vllm alone (cpu with vllm and sglang); leave the engine out of the path.',
    );
    expect(place({ ...request, model: safetensors }, mixed)).toMatchObject({
      variant: 'cpu',
      engine: 'vllm',
    });
  });

  it('runs a model of an attached server where the server is attached', () => {
    const remote = { ...model, config: { format: 'remote' as const } };
    const attached = worker({
      variant: 'cuda',
      engines: [...worker().engines, { ...sglang, name: 'openai', formats: ['remote'] }],
    });
    expect(place({ ...request, model: remote }, [worker(), attached])).toMatchObject({
      variant: 'cuda',
      engine: 'openai',
    });
  });

  it('runs a mode where the engine for the format has it', () => {
    const engine = worker().engines[0] as EngineAnnouncement;
    const able = worker({ variant: 'cuda', engines: [{ ...engine, modes: ['reranking'] }] });
    const reranking = { ...request, mode: 'reranking' as const };
    expect(place(reranking, [worker(), able]).variant).toBe('cuda');
    expect(place({ ...request, mode: 'embedding' }, [worker(), able]).variant).toBe('cpu');
    expect(() => place(reranking, [worker()])).toThrow(
      'No live worker can run gguf models for reranking: llama.cpp cannot.',
    );
  });
});

describe('engineFor', () => {
  it('is the first of the engines that a worker has for a format, in whatever order it names them', () => {
    const engines = [sglang, ...vllm.engines, ...worker().engines];
    expect(engineFor({ engines }, 'safetensors')?.name).toBe('vllm');
    expect(engineFor({ engines: engines.toReversed() }, 'safetensors')?.name).toBe('vllm');
    expect(engineFor({ engines }, 'gguf')?.name).toBe('llama.cpp');
    expect(engineFor({ engines }, 'remote')).toBeUndefined();
  });
});
