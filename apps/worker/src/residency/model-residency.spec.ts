import { describe, expect, it } from 'vitest';
import { Logger } from '#observability';
import { ModelResidency, type ResidencyEffects } from './model-residency.js';
import type { ResidentSession } from './resident-session.js';

const identity = (digit: number) =>
  ({ modelId: `sha256:${String(digit).repeat(64)}`, mode: 'completion' }) as const;

/** Loads at once; unloads in 20 ms. */
function residencyOf(maxSessions: number): ModelResidency {
  const effects: ResidencyEffects = {
    load: async (task) => idleSession(task.identity) as unknown as ResidentSession,
    onWaiting: () => undefined,
    onLoaded: () => undefined,
    onRenewalFailed: () => undefined,
    unload: () => new Promise((resolve) => setTimeout(resolve, 20)),
    onLoadFailed: async () => undefined,
    onEngineDied: () => undefined,
    onChange: () => undefined,
  };
  const limits = { engineOf: () => 'llama.cpp' as const, maxSessions, loadTimeout: 60_000 };
  const logger = new Logger({ level: 'error', format: 'json', write: () => undefined });
  return new ModelResidency('cpu', limits, effects, logger);
}

function idleSession(wanted: object) {
  const session = {
    identity: wanted,
    state: 'ready',
    busy: 0,
    lastUsed: 0,
    keepAlive: -1,
    engine: { exited: new Promise(() => undefined), slots: 1 },
    begin: () => undefined,
    drain: async () => void (session.state = 'draining'),
    announce: () => ({ ...wanted, state: session.state }),
  };
  return session;
}

describe('ModelResidency', () => {
  it('never holds more sessions than it may', async () => {
    const residency = residencyOf(1);
    await residency.ensure(identity(1));
    await residency.ensure(identity(2));
    expect(residency.announce()).toHaveLength(1);
  });

  it('serves loads that wait for room one after another', async () => {
    const residency = residencyOf(1);
    await residency.ensure(identity(1));
    await Promise.all([2, 3, 4].map((digit) => residency.ensure(identity(digit))));
    expect(residency.announce()).toHaveLength(1);
  });

  it('loads a model again that is asked for while it is being unloaded', async () => {
    const residency = residencyOf(1);
    await residency.ensure(identity(1));
    const forgotten = residency.forget(identity(1).modelId);
    await residency.ensure(identity(1));
    await forgotten;
    expect(residency.announce()).toMatchObject([{ state: 'ready' }]);
  });
});
