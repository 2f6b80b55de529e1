import { describe, expect, it } from 'vitest';
import {
  type CatalogueModel,
  completionQueue,
  type SessionAnnouncement,
  type WorkerAnnouncement,
} from '#contracts';
import { place } from './placement.js';

const ID = `sha256:${'a'.repeat(64)}`;
const model: CatalogueModel = {
  id: ID,
  tags: [],
  created: 0,
  config: { format: 'gguf' },
  size: 0,
  origin: '',
};
const request = { model, mode: 'completion' } as const;

const session = (changes: Partial<SessionAnnouncement> = {}): SessionAnnouncement => ({
  modelId: ID,
  mode: 'completion',
  engine: 'llama.cpp',
  state: 'ready',
  slots: 4,
  busy: 0,
  lastUsed: 0,
  ...changes,
});

const worker = (changes: Partial<WorkerAnnouncement> = {}): WorkerAnnouncement => ({
  version: 1,
  workerId: 'w',
  variant: 'cpu',
  release: '0',
  host: 'h',
  pid: 1,
  draining: false,
  engines: [{ name: 'llama.cpp', driver: 'llama-server', version: '1', formats: ['gguf'] }],
  sessions: [],
  memoryTotal: 1,
  memoryFree: 1,
  models: [],
  ...changes,
});

const vllm = worker({
  variant: 'vllm-cuda',
  engines: [{ name: 'vllm', driver: 'vllm', version: '1', formats: ['safetensors'] }],
});

describe('place', () => {
  it('asks for a load when no worker holds the model', () => {
    expect(place(request, [worker()])).toEqual({
      variant: 'cpu',
      queue: completionQueue({ variant: 'cpu', modelId: ID, mode: 'completion' }),
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

  it('says which variants are there when none can run the model', () => {
    expect(() => place(request, [vllm])).toThrow(
      'No live worker has an engine for gguf models; live variants: vllm-cuda.',
    );
  });

  it('honours the engine that the path names, or says that nobody has it', () => {
    expect(() => place({ ...request, engine: 'vllm' }, [worker(), vllm])).toThrow(
      'No live worker has vllm for a gguf model; live variants: cpu, vllm-cuda.',
    );
    expect(place({ ...request, engine: 'llama.cpp' }, [worker(), vllm]).variant).toBe('cpu');
  });
});
