import { describe, expect, it } from 'vitest';
import { LoadEvent, LongshoreError, Names, parseContract, type ProgressLine } from '#contracts';
import { FetchedBytes, LoadReports } from './load-reports.js';

const identity = { modelId: `sha256:${'a'.repeat(64)}`, mode: 'completion' } as const;

const line = (id: string, current: number, size = 100): ProgressLine => ({
  type: 'progress',
  message: '',
  total: 200,
  layer: { id, size, current },
  mode: 'pull',
});

describe('bytes that are fetched', () => {
  it('are told four times a second, summed up over the layers, and when a layer is there', () => {
    const bytes = new FetchedBytes();
    expect(bytes.take(line('a', 10), 0)).toEqual({ completed: 10, total: 200 });
    expect(bytes.take(line('b', 20), 100)).toBeUndefined();
    expect(bytes.take(line('a', 30), 260)).toEqual({ completed: 50, total: 200 });
    expect(bytes.take(line('a', 100), 270)).toEqual({ completed: 120, total: 200 });
  });

  it('are not those of warnings', () => {
    expect(new FetchedBytes().take({ ...line('a', 1), type: 'warning' }, 0)).toBeUndefined();
  });
});

describe('reports of loads', () => {
  it('are events of the loads channel, and trouble with them is nobody’s', async () => {
    const heard: [string, LoadEvent][] = [];
    const redis = {
      publish: async (channel: string, text: string) => {
        heard.push([channel, parseContract(LoadEvent, text)]);
        throw new Error('away');
      },
    };
    const reports = new LoadReports({ redis, names: new Names('n'), workerId: 'w', variant: 'cpu' });
    reports.waiting(identity);
    reports.fetching(identity)(line('a', 10));
    reports.starting(identity);
    reports.ready(identity);
    reports.failed(identity, new LongshoreError('out_of_memory', 'No.'));
    expect(heard.map(([channel]) => channel)).toEqual(Array.from({ length: 5 }, () => 'n:loads'));
    const known = { version: 1, workerId: 'w', variant: 'cpu', ...identity };
    expect(heard.map(([, event]) => ({ ...event }))).toEqual([
      { ...known, stage: 'waiting' },
      { ...known, stage: 'fetching', completed: 10, total: 200 },
      { ...known, stage: 'starting' },
      { ...known, stage: 'ready' },
      { ...known, stage: 'failed', code: 'out_of_memory', message: 'No.' },
    ]);
  });
});
