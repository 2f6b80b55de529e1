import { describe, expect, it } from 'vitest';
import type { ProgressLine } from '#contracts';
import { ProgressReporter } from './pull-progress.js';

const MEGABYTE = 1024 * 1024;

describe('ProgressReporter', () => {
  it('reports a layer after 100 ms, after 1 MiB or when it is complete, each layer for itself', () => {
    let now = 0;
    const lines: ProgressLine[] = [];
    const reporter = new ProgressReporter({
      total: 9 * MEGABYTE,
      emit: (line) => lines.push(line),
      now: () => now,
    });
    const [a, b] = [
      { digest: 'sha256:a', size: 4 * MEGABYTE },
      { digest: 'sha256:b', size: 5 * MEGABYTE },
    ];
    const report = (time: number, layer: typeof a, current: number): void => {
      now = time;
      reporter.report(layer, current);
    };
    report(0, a, 10);
    report(1, a, 20);
    report(2, b, 30);
    report(99, a, MEGABYTE);
    report(100, a, MEGABYTE + 1);
    report(101, a, 2 * MEGABYTE + 1);
    report(102, a, 4 * MEGABYTE);
    report(500, a, 4 * MEGABYTE);

    expect(lines.map(({ layer }) => [layer.id, layer.current])).toEqual([
      ['sha256:a', 10],
      ['sha256:b', 30],
      ['sha256:a', MEGABYTE + 1],
      ['sha256:a', 2 * MEGABYTE + 1],
      ['sha256:a', 4 * MEGABYTE],
    ]);
    expect(lines.at(-1)).toEqual({
      type: 'progress',
      message: 'Downloaded: 4.00 MB',
      total: 9 * MEGABYTE,
      layer: { id: 'sha256:a', size: 4 * MEGABYTE, current: 4 * MEGABYTE },
      mode: 'pull',
    });
  });
});
