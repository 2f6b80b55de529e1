import { completionQueue, type SessionAnnouncement, type WorkerAnnouncement } from '#contracts';

export const MODEL_ID = `sha256:${'a'.repeat(64)}`;
export const QUEUE = { variant: 'cpu', modelId: MODEL_ID, mode: 'completion' } as const;
export const QUEUE_NAME = completionQueue(QUEUE);

/** A session that is ready for {@link QUEUE}, with four idle slots. */
export function session(changes: Partial<SessionAnnouncement> = {}): SessionAnnouncement {
  const { modelId, mode } = QUEUE;
  return { modelId, mode, engine: 'llama.cpp', state: 'ready', slots: 4, busy: 0, lastUsed: 0, ...changes };
}

export function worker(
  sessions: readonly SessionAnnouncement[],
  changes: Partial<WorkerAnnouncement> = {},
): WorkerAnnouncement {
  return {
    version: 1,
    workerId: 'w1',
    variant: 'cpu',
    release: '0.0.0',
    host: 'here',
    pid: 1,
    draining: false,
    engines: [],
    sessions,
    memoryTotal: 1,
    memoryFree: 1,
    models: [],
    ...changes,
  };
}
