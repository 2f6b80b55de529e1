import { stat } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { Names } from '#contracts';
import { Engine, type EngineProbe, type EngineSession, type SessionSpec } from '#engines';
import { Logger } from '#observability';
import { fixtureModel } from '#testing';
import { HostedEngines } from '../engines/hosted-engines.js';
import { LoadReports } from './load-reports.js';
import { MemoryLedger } from './memory-ledger.js';
import { SessionStarter } from './session-starter.js';

const PROBE: EngineProbe = { version: '1', formats: ['gguf'], modes: ['completion'] };
const GIBIBYTE = 2 ** 30;

/** Takes whatever it is told. */
class GreedyEngine extends Engine {
  readonly name = 'llama.cpp';
  readonly driver = 'greedy';
  readonly contexts: (number | undefined)[] = [];

  override async probe(): Promise<EngineProbe> {
    return PROBE;
  }

  override async start({ contextSize }: SessionSpec): Promise<EngineSession> {
    this.contexts.push(contextSize);
    return { slots: 1, exited: new Promise(() => undefined) } as unknown as EngineSession;
  }
}

/** Starts a model of 90 million parameters with a context, on a machine of one GiB. */
async function start(contextSize: number): Promise<GreedyEngine['contexts']> {
  const engine = new GreedyEngine();
  const weights = await fixtureModel('random');
  const { size } = await stat(weights);
  const identity = { modelId: `sha256:${'a'.repeat(64)}`, mode: 'completion' } as const;
  const starter = new SessionStarter({
    workerId: 'w',
    settings: { contextSize, slots: 0, threads: 1, keepAlive: 5 },
    runDirectory: '/run',
    engines: new HostedEngines([{ engine, probe: PROBE }]),
    provide: async () => ({
      model: { id: identity.modelId, tags: ['docker.io/ai/a:latest'], config: {}, size },
      files: { format: 'gguf', weights },
      release: async () => undefined,
      foundDamage: async () => false,
    }),
    configurations: { get: async () => undefined },
    ledger: new MemoryLedger(),
    memory: async () => ({ total: GIBIBYTE, free: GIBIBYTE }),
    reports: new LoadReports({
      redis: { publish: async () => undefined },
      names: new Names(),
      workerId: 'w',
      variant: 'cpu',
    }),
    pinned: () => false,
    roomElsewhere: () => false,
    logger: new Logger({ level: 'error', format: 'json', write: () => undefined }),
  });
  const room = {
    beside: false,
    others: false,
    evictable: false,
    evict: async () => false,
    later: async () => false,
  };
  await starter.start({ identity, queue: 'q', signal: new AbortController().signal, room });
  return engine.contexts;
}

it('an engine is never given a context that is larger than all memory, because it would stop the machine', async () => {
  expect(await start(4_096)).toEqual([4_096]);
  expect(await start(65_536)).toEqual([16_384]);
  await expect(start(2_000_000_000)).rejects.toMatchObject({
    code: 'out_of_memory',
    message: expect.stringMatching(/needs some .*context of 250000000 tokens.*context alone/),
  });
});
