import { describe, expect, it } from 'vitest';
import { Logger } from '#observability';
import { ModelResidency } from './model-residency.js';
import type { ResidencyEffects } from './residency-effects.js';
import type { ResidentSession, SessionIdentity } from './resident-session.js';
import { type LoadTask, NoRoomBeside } from './load-task.js';

const identity = (digit: number) =>
  ({ modelId: `sha256:${String(digit).repeat(64)}`, mode: 'completion' }) as const;

interface FakeSession {
  identity: SessionIdentity;
  state: string;
  busy: number;
  keepAlive: number;
  revision?: string;
}

/** Loads at once; unloads in 20 ms. */
function bench(maxSessions: number, load: (task: LoadTask) => object | Promise<object> = () => ({})) {
  const loaded: FakeSession[] = [];
  const told: string[] = [];
  const effects: ResidencyEffects = {
    load: async (task) => {
      const session = Object.assign(idleSession(task.identity), await load(task));
      loaded.push(session);
      return session as unknown as ResidentSession;
    },
    onWaiting: () => told.push('waiting'),
    onLoaded: () => told.push('loaded'),
    onRenewalFailed: (_, { message }) => told.push(`kept: ${message}`),
    unload: () => new Promise((resolve) => setTimeout(resolve, 20)),
    onLoadFailed: async (_, { code }) => void told.push(code),
    onEngineDied: () => undefined,
    onChange: () => undefined,
  };
  const limits = { engineOf: () => 'llama.cpp' as const, maxSessions, loadTimeout: 60_000 };
  const logger = new Logger({ level: 'error', format: 'json', write: () => undefined });
  return { residency: new ModelResidency('cpu', limits, effects, logger), loaded, told };
}

function idleSession(wanted: SessionIdentity) {
  const session = {
    identity: wanted,
    state: 'ready',
    busy: 0,
    lastUsed: Date.now(),
    used: true,
    keepAlive: -1,
    engineName: 'llama.cpp',
    engine: { exited: new Promise(() => undefined), slots: 1 },
    begin: () => undefined,
    drain: async () => void (session.state = 'draining'),
    announce: () => ({ ...wanted, state: session.state }),
  };
  return session;
}

describe('ModelResidency', () => {
  it('never holds more sessions than it may', async () => {
    const { residency } = bench(1);
    await residency.ensure(identity(1));
    await residency.ensure(identity(2));
    expect(residency.announce()).toHaveLength(1);
  });

  it('serves loads that wait for room one after another', async () => {
    const { residency } = bench(1);
    await residency.ensure(identity(1));
    await Promise.all([2, 3, 4].map((digit) => residency.ensure(identity(digit))));
    expect(residency.announce()).toHaveLength(1);
  });

  it('loads a model again that is asked for while it is being unloaded', async () => {
    const { residency } = bench(1);
    await residency.ensure(identity(1));
    const forgotten = residency.forget(identity(1).modelId);
    await residency.ensure(identity(1));
    await forgotten;
    expect(residency.announce()).toMatchObject([{ state: 'ready' }]);
  });

  it('does not keep a model that is deleted while it is being loaded', async () => {
    const { residency } = bench(2, () => new Promise((resolve) => setTimeout(() => resolve({}), 20)));
    const loaded = residency.ensure(identity(1));
    await residency.forget(identity(1).modelId);
    await loaded;
    expect(residency.announce()).toEqual([]);
  });

  it('tells of models that are on their way', () => {
    const { residency } = bench(1, () => new Promise(() => undefined));
    void residency.ensure(identity(1));
    expect(residency.present()).toEqual([identity(1)]);
  });

  it('ends the idle ones among the sessions that are meant, and no other', async () => {
    const { residency, loaded } = bench(3);
    for (const digit of [1, 2, 3]) await residency.ensure(identity(digit));
    const [first, second] = loaded;
    if (second !== undefined) second.busy = 1;
    await residency.unloadIdle({ modelId: first?.identity.modelId, mode: 'embedding' });
    await residency.unloadIdle({ engine: 'vllm' });
    expect(residency.announce()).toHaveLength(3);
    await residency.unloadIdle({ modelId: first?.identity.modelId });
    expect(residency.announce()).toHaveLength(2);
    await residency.unloadIdle({});
    expect(residency.announce()).toMatchObject([{ modelId: second?.identity.modelId }]);
  });

  it('gives a failed load to those who see to it, and to the caller', async () => {
    const { residency, told } = bench(1, () => {
      throw new Error('it does not like it');
    });
    await expect(residency.ensure(identity(1))).rejects.toThrow('unable to load runner: it does not like it');
    expect(told).toEqual(['waiting', 'load_failed']);
    expect(residency.announce()).toEqual([]);
  });
});

describe('a session whose model is configured anew', () => {
  const configured = { keepAlive: 7, revision: 'new' };

  it('stays when only its time has changed', async () => {
    const { residency, loaded } = bench(3, () => ({ revision: 'new' }));
    await residency.ensure(identity(1));
    await residency.renew(identity(1), configured);
    expect(loaded).toMatchObject([{ keepAlive: 7, state: 'ready' }]);
  });

  it('is ended once another runs beside it', async () => {
    const states: (string | undefined)[] = [];
    const { residency, loaded } = bench(3, ({ room }) => {
      states.push(loaded[0]?.state, String(room.beside));
      return {};
    });
    await residency.ensure(identity(1));
    await residency.renew(identity(1), configured);
    expect(states).toEqual([undefined, 'false', 'ready', 'true']);
    expect(loaded.map(({ state }) => state)).toEqual(['draining', 'ready']);
  });

  it.each([
    ['sessions', 1],
    ['memory', 3],
  ])('is ended first when there are not %s for both', async (what, maxSessions) => {
    const states: (string | undefined)[] = [];
    const { residency, loaded, told } = bench(maxSessions, ({ room }) => {
      if (what === 'memory' && room.beside) throw new NoRoomBeside();
      states.push(loaded[0]?.state);
      return {};
    });
    await residency.ensure(identity(1));
    await residency.renew(identity(1), configured);
    expect(states).toEqual([undefined, 'draining']);
    expect(told.at(-1)).toBe('loaded');
  });

  it('goes on when it cannot run in the new way, which is tried again only when somebody asks', async () => {
    const { residency, loaded, told } = bench(3, ({ room }) => {
      if (room.beside) throw new Error('no such flag');
      return {};
    });
    await residency.ensure(identity(1));
    await residency.renew(identity(1), configured);
    await residency.renew(identity(1), configured);
    expect(loaded).toMatchObject([{ state: 'ready' }]);
    const kept = 'kept: unable to load runner: no such flag';
    expect(told).toEqual(['waiting', 'loaded', kept]);
    await residency.renew(identity(1), { ...configured, again: true });
    expect(told).toEqual(['waiting', 'loaded', kept, kept]);
  });
});
