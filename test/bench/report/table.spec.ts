import { describe, expect, it } from 'vitest';
import { atLeast, atMost, type Line } from './line.js';
import { printTable } from './table.js';

const MACHINE = {
  date: '2026-01-02T03:04:05.000Z',
  cores: 2,
  processor: 'Some Processor',
  memoryBytes: 1,
  system: 'linux',
  node: 'v20.19.0',
  redis: '7.0.15',
};

describe('the table', () => {
  it('shows ratio, result, target and whether it is met', () => {
    const lines: Line[] = [
      {
        section: 'Waiting',
        what: 'p50',
        result: 1.5,
        unit: 'ms',
        ratio: 4,
        direct: 0.5,
        cluster: 2,
        target: atMost(2),
      },
      {
        section: 'Speed',
        what: 'requests',
        result: 2_500,
        unit: '/s',
        target: atLeast(3_000),
        foreign: 0.126,
      },
      { section: 'Speed', what: 'unknown', result: Number.NaN, unit: 'ms', target: atMost(1) },
    ];
    expect(printTable(lines, MACHINE).split('\n')).toEqual([
      '2 cores (Some Processor), Node v20.19.0, Redis 7.0.15, 2026-01-02T03:04Z',
      '',
      '            ratio   result   target           direct  cluster  foreign',
      '',
      'Waiting',
      '  p50       ×4.00  1.50 ms   ≤ 2.00      met    0.50     2.00',
      '',
      'Speed',
      '  requests         2,500/s  ≥ 3,000  not met                      0.13',
      '  unknown             - ms   ≤ 1.00        ?',
    ]);
  });
});
