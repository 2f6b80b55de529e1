import { describe, expect, it } from 'vitest';
import { completionQueue, ENVELOPE_VERSION, NO_REVISION, type SessionConfiguration } from '#contracts';
import { AvoidedModels } from './avoided-models.js';
import { MemoryLedger } from './memory-ledger.js';
import type { ModelResidency } from './model-residency.js';
import { Rollout } from './rollout.js';

const identity = { modelId: `sha256:${'a'.repeat(64)}`, mode: 'completion' } as const;
const queue = completionQueue({ variant: 'cpu', ...identity });

function bench(configuration?: SessionConfiguration) {
  const renewed: Parameters<ModelResidency['renew']>[] = [];
  const avoided = new AvoidedModels('w');
  for (let death = 0; death < 3; death++) avoided.noteDeath(queue, Date.now());
  const rollout = new Rollout({
    variant: 'cpu',
    configurations: { get: async () => configuration },
    residency: {
      present: () => [identity],
      renew: async (...call) => void renewed.push(call),
    },
    avoided,
    ledger: new MemoryLedger(),
    pinned: () => false,
    keepAlive: 5,
  });
  return { rollout, avoided, renewed };
}

describe('what is configured for models', () => {
  it('is tried at once where engines kept ending with what was configured before', async () => {
    const { rollout, avoided, renewed } = bench();
    await rollout.apply(identity.modelId, 'completion');
    expect(avoided.remaining(queue, Date.now())).toBe(0);
    expect(renewed).toEqual([[identity, { keepAlive: 5, revision: undefined, again: true }]]);
  });

  it('is looked up for what is there, and nothing else, after news may have been missed', async () => {
    const { rollout, avoided, renewed } = bench();
    await rollout.applyAll();
    expect(avoided.remaining(queue, Date.now())).toBeGreaterThan(0);
    expect(renewed).toEqual([[identity, { keepAlive: 5, revision: undefined, again: false }]]);
  });

  it('leaves a session that nobody configured as it is when only its stay is configured', async () => {
    const engine = 'llama.cpp' as const;
    const stay = { reference: 'ai/m', engine, revision: NO_REVISION, keepAlive: -1 };
    const { rollout, renewed } = bench({ version: ENVELOPE_VERSION, ...identity, ...stay });
    await rollout.apply(identity.modelId, 'completion');
    expect(renewed).toEqual([[identity, { keepAlive: -1, revision: undefined, again: true }]]);
  });
});
