import type { SessionAnnouncement } from '#contracts';
import { SMOLLM } from '../../__fakes__/fake-models.js';

/** A session of {@link SMOLLM} that is ready, with two idle slots. */
export function session(fields: Partial<SessionAnnouncement> = {}): SessionAnnouncement {
  return {
    modelId: SMOLLM.id,
    mode: 'completion',
    engine: 'llama.cpp',
    state: 'ready',
    slots: 2,
    busy: 0,
    lastUsed: 0,
    ...fields,
  };
}
