import { describe, expect, it } from 'vitest';
import { SegmentMap } from './segment-map.js';

describe('SegmentMap', () => {
  it('hands out each segment once, in order, and again when it is given back', () => {
    const map = new SegmentMap(25, 10);
    expect([map.claim(), map.claim(), map.claim(), map.claim()]).toEqual([0, 1, 2, undefined]);
    map.release(1);
    expect(map.waiting).toBe(1);
    expect(map.claim()).toBe(1);
    expect(map.range(2)).toEqual({ start: 20, end: 25 });
  });

  it('counts what has arrived anywhere, and what has arrived without a gap', () => {
    const map = new SegmentMap(25, 10);
    map.advance(0, 4);
    map.advance(1, 17);
    expect(map).toMatchObject({ arrived: 11, prefix: 4, complete: false });
    map.finish(1);
    expect(map).toMatchObject({ arrived: 14, prefix: 4 });
    map.finish(0);
    expect(map).toMatchObject({ arrived: 20, prefix: 20 });
    map.finish(2);
    expect(map).toMatchObject({ arrived: 25, prefix: 25, complete: true });
    expect(map.finish(2)).toBe(false);
    expect(map.arrived).toBe(25);
  });

  it('is complete at once for a blob without bytes', () => {
    const map = new SegmentMap(0, 10);
    expect(map).toMatchObject({ count: 0, complete: true, prefix: 0, waiting: 0 });
    expect(map.claim()).toBeUndefined();
  });

  it('survives being written down, whatever the number of segments', () => {
    for (const count of [1, 7, 8, 9, 100]) {
      const map = new SegmentMap(count * 10 - 3, 10);
      const done = Array.from({ length: count }, (_, index) => index).filter((index) => index % 3 === 0);
      for (const index of done) map.finish(index);
      const read = SegmentMap.fromRecord(JSON.parse(JSON.stringify(map.toRecord())), map.size);
      expect(read?.toRecord()).toEqual(map.toRecord());
      expect(read?.arrived).toBe(map.arrived);
      expect(read?.prefix).toBe(map.prefix);
    }
  });

  it('takes nothing over from a record of another blob or one that is damaged', () => {
    const record = new SegmentMap(100, 10).toRecord();
    expect(SegmentMap.fromRecord(record, 100)).toBeDefined();
    const wrong: unknown[] = [
      undefined,
      [],
      'x',
      { ...record, version: 2 },
      { ...record, size: 101 },
      { ...record, segmentSize: 0 },
      { ...record, segmentSize: 1.5 },
      { ...record, segmentSize: '10' },
      { ...record, done: 7 },
      { ...record, done: '' },
      { ...record, done: 'AAAAAAAAAAAA' },
    ];
    for (const each of wrong) expect(SegmentMap.fromRecord(each, 100)).toBeUndefined();
  });

  it('takes back what a file that got shorter cannot hold', () => {
    const map = new SegmentMap(25, 10);
    for (const index of [0, 1, 2]) map.finish(index);
    map.forgetBeyond(15);
    expect(map).toMatchObject({ arrived: 10, prefix: 10, waiting: 2 });
    map.forgetBeyond(0);
    expect(map).toMatchObject({ arrived: 0, prefix: 0, waiting: 3 });
  });

  it('makes segments longer rather than countless for a size nobody has', () => {
    const map = new SegmentMap(Number.MAX_SAFE_INTEGER, 1024);
    expect(map.count).toBeLessThanOrEqual(1 << 20);
  });
});
