import { describe, expect, it } from 'vitest';
import { completionQueue, LongshoreError, Names, type WorkerAnnouncement } from '#contracts';
import { Logger } from '#observability';
import { otherWorker } from './__fixtures__/other-worker.js';
import { AvoidedModels } from './avoided-models.js';
import { FailedLoads } from './failed-loads.js';
import { LoadReports } from './load-reports.js';
import type { ResidentSession } from './resident-session.js';

const identity = { modelId: `sha256:${'a'.repeat(64)}`, mode: 'completion' } as const;
const queue = completionQueue({ variant: 'cpu', ...identity });

const other = (facts: Partial<WorkerAnnouncement> = {}): WorkerAnnouncement =>
  otherWorker({ memoryTotal: 100, memoryFree: 100, ...facts });

function bench(others: readonly WorkerAnnouncement[], format: 'gguf' | 'safetensors' = 'gguf') {
  const told: LongshoreError[] = [];
  const events: unknown[] = [];
  const redis = { publish: async (_: string, text: string) => void events.push(JSON.parse(text)) };
  const avoided = new AvoidedModels('w');
  const failures = new FailedLoads({
    workerId: 'w',
    variant: 'cpu',
    avoided,
    others: () => others,
    formatOf: () => format,
    memory: async () => ({ total: 100, free: 50 }),
    reports: new LoadReports({ redis, names: new Names(), workerId: 'w', variant: 'cpu' }),
    refuse: async (to, error) => {
      expect(to).toBe(queue);
      told.push(error);
    },
    onChange: () => undefined,
    logger: new Logger({ level: 'error', format: 'json', write: () => undefined }),
  });
  return { failures, avoided, told, events };
}

const tooLarge = new LongshoreError('out_of_memory', 'Too large.');
const broken = new LongshoreError('load_failed', 'Broken.');
const loading = {
  ...identity,
  engine: 'llama.cpp',
  state: 'loading',
  slots: 0,
  busy: 0,
  lastUsed: 0,
} as const;

describe('a model that cannot be loaded', () => {
  it('is told of to those who wait, and to everybody who listens', async () => {
    const { failures, told, events } = bench([]);
    await failures.failed(identity, broken);
    expect(told).toEqual([broken]);
    expect(events).toMatchObject([{ stage: 'failed', code: 'load_failed', message: 'Broken.' }]);
    expect(failures.avoids(identity)).toBe(false);
  });

  it('is not told of while another worker loads it', async () => {
    const { failures, told } = bench([other({ sessions: [loading] })]);
    await failures.failed(identity, broken);
    expect(told).toEqual([]);
  });

  it('that is too large is left alone, and left to a worker with more memory', async () => {
    const { failures, told } = bench([other()]);
    await failures.failed(identity, tooLarge);
    expect(told).toEqual([]);
    expect(failures.avoids(identity)).toBe(true);
    expect(await failures.handsOn(identity)).toBe(true);
    expect(await failures.giveUp(identity)).toBe(false);
  });

  it.each([
    ['has no more memory', other({ memoryFree: 50 })],
    ['leaves it alone too', other({ avoids: [queue] })],
    ['is about to stop', other({ draining: true })],
    ['has no engine for it', other({ engines: [] })],
  ])('that is too large is told of when every other worker %s', async (_, worker) => {
    const { failures, told } = bench([worker]);
    await failures.failed(identity, tooLarge);
    expect(told).toEqual([tooLarge]);
    expect(await failures.giveUp(identity)).toBe(true);
    expect(told).toEqual([tooLarge, tooLarge]);
  });

  it('that is too large here is not told of while a worker loads it whose memory it has taken meanwhile', async () => {
    const { failures, told } = bench([other({ memoryFree: 10, sessions: [loading] })]);
    await failures.failed(identity, tooLarge);
    expect(await failures.giveUp(identity)).toBe(false);
    expect(told).toEqual([]);
  });

  it('that comes back from a worker with more memory is left alone for longer', async () => {
    const { failures, avoided } = bench([other()]);
    const pauses: number[] = [];
    for (let times = 0; times < 3; times++) {
      await failures.failed(identity, tooLarge);
      pauses.push(avoided.remaining(queue, Date.now()));
      avoided.roomMade();
    }
    expect(pauses[1]).toBeGreaterThan(1.5 * (pauses[0] ?? 0));
    expect(pauses[2]).toBeGreaterThan(1.5 * (pauses[1] ?? 0));
  });

  it('for want of an engine is told of unless another worker has one', async () => {
    expect(await bench([other()]).failures.incapable(identity)).toBe(false);
    const { failures, told } = bench([other()], 'safetensors');
    expect(await failures.incapable(identity)).toBe(true);
    expect(told).toMatchObject([
      {
        code: 'no_capable_worker',
        message: 'Neither worker w nor any other has an engine for safetensors models in completion mode.',
      },
    ]);
  });
});

describe('an engine that has died', () => {
  const session = (suspect: boolean) => ({ identity, suspect }) as unknown as ResidentSession;

  it('is started again, until it has died too often', async () => {
    const { failures } = bench([]);
    const bury = () => failures.bury(session(false), Promise.resolve());
    expect([await bury(), await bury(), await bury()]).toEqual([true, true, false]);
  });

  it('is started again however often a request was to blame', async () => {
    const { failures } = bench([]);
    const bury = () => failures.bury(session(true), Promise.resolve());
    expect([await bury(), await bury(), await bury(), await bury()]).toEqual([true, true, true, true]);
  });
});
