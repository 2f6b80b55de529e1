import { ENVELOPE_VERSION, type WorkerAnnouncement } from '#contracts';

/** Another worker of this variant, with llama.cpp, that has nothing to do. */
export function otherWorker(facts: Partial<WorkerAnnouncement> = {}): WorkerAnnouncement {
  return {
    version: ENVELOPE_VERSION,
    workerId: 'other',
    variant: 'cpu',
    release: '1',
    host: 'here',
    pid: 1,
    draining: false,
    engines: [{ name: 'llama.cpp', driver: 'llama-server', version: '1', formats: ['gguf'] }],
    sessions: [],
    memoryTotal: 1,
    memoryFree: 1,
    models: [],
    ...facts,
  };
}
