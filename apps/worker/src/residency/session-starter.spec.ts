import { describe, expect, it } from 'vitest';
import { type EngineName, type LoadEvent, Names, type SessionConfiguration } from '#contracts';
import { Engine, type EngineProbe, type EngineSession, EngineStartError, type SessionSpec } from '#engines';
import { Logger } from '#observability';
import { HostedEngines } from '../engines/hosted-engines.js';
import { LoadReports } from './load-reports.js';
import { MemoryLedger } from './memory-ledger.js';
import type { Provision } from './provide-session.js';
import { type LoadRoom, NoRoomBeside } from './load-task.js';
import { SessionStarter, type SessionStarterParts } from './session-starter.js';

const PROBE: EngineProbe = { version: '1', formats: ['remote'], modes: ['completion'] };

/** Starts a session when the context is small enough; `outcome` may say otherwise first. */
class FakeEngine extends Engine {
  readonly driver = 'fake';
  readonly specs: SessionSpec[] = [];
  readonly name: EngineName = 'openai';

  constructor(
    private readonly largest: number,
    private readonly outcomes: (Error | undefined)[] = [],
  ) {
    super();
  }

  override async probe(): Promise<EngineProbe> {
    return PROBE;
  }

  override async start(spec: SessionSpec): Promise<EngineSession> {
    this.specs.push(spec);
    const outcome = this.outcomes.shift();
    if (outcome !== undefined) throw outcome;
    if ((spec.contextSize ?? Infinity) > this.largest)
      throw new EngineStartError('It found too little memory.', { outOfMemory: true });
    return { slots: 1, exited: new Promise(() => undefined) } as unknown as EngineSession;
  }
}

const identity = { modelId: `sha256:${'a'.repeat(64)}`, mode: 'completion' } as const;
const task = { identity, queue: 'q', signal: new AbortController().signal };

const nobody: LoadRoom = {
  beside: false,
  others: false,
  evictable: false,
  evict: async () => false,
  later: async () => false,
};

function bench(engine: FakeEngine, parts: Partial<SessionStarterParts> = {}) {
  const events: LoadEvent['stage'][] = [];
  const released: string[] = [];
  const logger = new Logger({ level: 'error', format: 'json', write: () => undefined });
  const redis = {
    publish: async (_: string, text: string) => void events.push((JSON.parse(text) as LoadEvent).stage),
  };
  const provision: Provision = {
    model: { id: identity.modelId, tags: ['docker.io/ai/a:latest'], config: {}, size: 1 },
    files: { format: 'remote', weights: 'a' },
    release: async () => void released.push('model'),
    foundDamage: async () => true,
  };
  const starter = new SessionStarter({
    workerId: 'w',
    settings: { contextSize: 4_096, slots: 1, threads: 1, keepAlive: 5 },
    runDirectory: '/run',
    engines: new HostedEngines([{ engine, probe: PROBE }]),
    provide: async () => provision,
    configurations: { get: async () => undefined },
    ledger: new MemoryLedger(),
    memory: async () => ({ total: 1_000, free: 500 }),
    reports: new LoadReports({ redis, names: new Names(), workerId: 'w', variant: 'cpu' }),
    pinned: () => false,
    roomElsewhere: () => false,
    logger,
    ...parts,
  });
  return { starter, events, released };
}

const configuration: SessionConfiguration = {
  version: 1,
  ...identity,
  reference: 'docker.io/ai/a:latest',
  engine: 'openai',
  revision: 'r1',
  contextSize: 1_000,
  flags: ['--fast'],
  keepAlive: -1,
};

const contextsOf = ({ specs }: FakeEngine) => specs.map(({ contextSize }) => contextSize);

describe('the start of a session', () => {
  it('runs a model as it is configured', async () => {
    const engine = new FakeEngine(Infinity);
    const { starter } = bench(engine, { configurations: { get: async () => configuration } });
    expect(await starter.start({ ...task, room: nobody })).toMatchObject({
      keepAlive: -1,
      revision: 'r1',
      reference: 'docker.io/ai/a:latest',
    });
    expect(engine.specs[0]).toMatchObject({ contextSize: 1_000, settings: { flags: ['--fast'] } });
  });

  it('waits for what is configured no longer than the worker runs', async () => {
    const { starter } = bench(new FakeEngine(Infinity), {
      configurations: { get: () => new Promise(() => undefined) },
    });
    const stopping = new AbortController();
    const started = starter.start({ ...task, signal: stopping.signal, room: nobody });
    stopping.abort(new Error('It stops.'));
    await expect(started).rejects.toThrow('It stops.');
  });

  it('leaves flags out that are for another engine', async () => {
    const engine = new FakeEngine(Infinity);
    const foreign = { ...configuration, engine: 'vllm' } as const;
    const { starter } = bench(engine, { configurations: { get: async () => foreign } });
    expect(await starter.start({ ...task, room: nobody })).toMatchObject({ revision: 'r1' });
    expect(engine.specs[0]?.settings).toBeUndefined();
    expect(contextsOf(engine)).toEqual([4_096]);
  });

  it('tries smaller contexts when memory is short, and begins with one that fitted the next time', async () => {
    const engine = new FakeEngine(1_024);
    const { starter } = bench(engine);
    await starter.start({ ...task, room: nobody });
    expect(contextsOf(engine)).toEqual([4_096, 2_048, 1_024]);
    await starter.start({ ...task, room: nobody });
    expect(contextsOf(engine).slice(3)).toEqual([1_024]);
  });

  it('ends idle sessions before it makes the context smaller', async () => {
    const engine = new FakeEngine(Infinity, [new EngineStartError('No.', { outOfMemory: true })]);
    const { starter } = bench(engine);
    let idle = 1;
    const room = {
      ...nobody,
      get evictable() {
        return idle > 0;
      },
      evict: async () => idle-- > 0,
    };
    await starter.start({ ...task, room });
    expect(contextsOf(engine)).toEqual([4_096, 4_096]);
  });

  it('says how much was missing when nothing helps, and gives the files back', async () => {
    const { starter, released } = bench(new FakeEngine(0));
    await expect(starter.start({ ...task, room: nobody })).rejects.toMatchObject({
      code: 'out_of_memory',
      message: expect.stringMatching(
        /for docker\.io\/ai\/a:latest.* 512 tokens for each of 1 .*worker w had 500 B left\. It found too little/,
      ),
    });
    expect(released).toEqual(['model']);
  });

  it('waits for a session in use, unless another worker has more memory', async () => {
    const waiting: LoadRoom = { ...nobody, others: true, later: async () => true };
    const shortages = [1, 2, 3, 4].map(() => new EngineStartError('No.', { outOfMemory: true }));
    const engine = new FakeEngine(Infinity, [...shortages]);
    const { starter, events } = bench(engine);
    await starter.start({ ...task, room: waiting });
    expect(contextsOf(engine)).toEqual([4_096, 2_048, 1_024, 512, 4_096]);
    expect(events).toContain('waiting');

    const elsewhere = bench(new FakeEngine(Infinity, [...shortages]), { roomElsewhere: () => true });
    await expect(elsewhere.starter.start({ ...task, room: waiting })).rejects.toMatchObject({
      code: 'out_of_memory',
    });
  });

  it('beside the session it is to replace troubles nobody', async () => {
    const { starter, released } = bench(new FakeEngine(0));
    const beside = { ...nobody, beside: true, evictable: true };
    await expect(starter.start({ ...task, room: beside })).rejects.toBeInstanceOf(NoRoomBeside);
    expect(released).toEqual(['model']);
  });

  it('looks for damage once when an engine does not take a model', async () => {
    const broken = (): Error => new EngineStartError('It cannot be read.');
    const engine = new FakeEngine(Infinity, [broken()]);
    await bench(engine).starter.start({ ...task, room: nobody });
    expect(engine.specs).toHaveLength(2);
    const twice = new FakeEngine(Infinity, [broken(), broken()]);
    await expect(bench(twice).starter.start({ ...task, room: nobody })).rejects.toThrow('cannot be read');
  });

  it('refuses what no engine here can run', async () => {
    const { starter } = bench(new FakeEngine(0));
    const embedding = { ...task, identity: { ...identity, mode: 'embedding' } as const, room: nobody };
    await expect(starter.start(embedding)).rejects.toMatchObject({
      code: 'no_capable_worker',
      message: 'Worker w has no engine that runs models for embedding.',
    });
  });
});
