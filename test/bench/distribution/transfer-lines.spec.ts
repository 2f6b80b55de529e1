import { describe, expect, it } from 'vitest';
import type { TransferRun } from './transfer-run.js';
import { refetchLine, transferLines } from './transfer-lines.js';

const GIBIBYTE = 1024 ** 3;

function runs(contender: string, ...seconds: number[]): TransferRun[] {
  return seconds.flatMap((elapsed, round) =>
    (['pull', 'push'] as const).map((direction) => ({
      direction,
      contender,
      round,
      cost: { elapsedMs: elapsed * 1_000, cpuMs: 3_000, peakBytes: 100_000_000 },
    })),
  );
}

const resultOf = (lines: ReturnType<typeof transferLines>, section: RegExp, what: string) =>
  lines.find((line) => section.test(line.section) && line.what === what);

describe('the lines of distribution', () => {
  it('compare medians of the rounds, each direction on its own', () => {
    const all = [...runs('ours', 2, 9, 2), ...runs('curl', 1, 1, 1), ...runs('skopeo', 5, 5, 1)];
    const lines = transferLines(all, GIBIBYTE);
    for (const section of [/^Pulling a blob of 1024 MiB$/, /^Pushing a blob of 1024 MiB$/]) {
      expect(resultOf(lines, section, 'time of ours ÷ curl, which checks nothing')).toMatchObject({
        result: 2,
        target: { limit: 2.6, is: 'at most' },
      });
      expect(resultOf(lines, section, 'speed of ours ÷ skopeo')).toMatchObject({
        result: 2.5,
        target: { limit: 2, is: 'at least' },
      });
      expect(resultOf(lines, section, 'ours, speed')?.result).toBeCloseTo(536.87);
      expect(resultOf(lines, section, 'ours, CPU each GiB')?.result).toBe(3);
      expect(resultOf(lines, section, 'ours, peak memory')).toMatchObject({
        result: 100,
        target: { limit: 150 },
      });
      expect(resultOf(lines, section, 'curl, peak memory')).not.toHaveProperty('target');
    }
  });

  it('compare with nobody who was not there', () => {
    const whats = transferLines(runs('ours', 1), GIBIBYTE / 4).map(({ what }) => what);
    expect(new Set(whats)).toEqual(new Set(['ours, speed', 'ours, CPU each GiB', 'ours, peak memory']));
  });

  it('count CPU by the gibibyte whatever the size', () => {
    const [line] = transferLines(runs('ours', 1), GIBIBYTE / 4).filter(({ what }) => what.includes('CPU'));
    expect(line?.result).toBe(12);
  });

  it('say what was fetched again in mebibytes', () => {
    expect(refetchLine(3 * 1024 ** 2, 128 * 1024 ** 2)).toMatchObject({ result: 3, target: { limit: 128 } });
  });
});
