import { describe, expect, it } from 'vitest';
import { findShortage, type RoomState } from './room.js';

const EMPTY: RoomState = { wanted: [], promised: [], present: new Map(), free: 100, used: 0, quota: 0 };
const blob = (digest: string, size: number) => ({ digest, size });

describe('findShortage', () => {
  it('finds none as long as the disk has what is missing', () => {
    expect(findShortage({ ...EMPTY, wanted: [blob('a', 60), blob('b', 40)] })).toBeUndefined();
    expect(findShortage({ ...EMPTY, wanted: [blob('a', 60), blob('b', 41)] })).toEqual({
      need: 101,
      have: 100,
      quota: 0,
    });
  });

  it('counts neither what is here nor what has come already', () => {
    const present = new Map([
      ['a', 60],
      ['b', 30],
    ]);
    const wanted = [blob('a', 60), blob('b', 130)];
    expect(findShortage({ ...EMPTY, wanted, present })).toBeUndefined();
    expect(findShortage({ ...EMPTY, wanted, present, free: 99 })).toEqual({ need: 100, have: 99, quota: 0 });
  });

  it('leaves others what they were promised, and counts what they bring once', () => {
    const promised = [blob('a', 60), blob('b', 20)];
    const wanted = [blob('a', 60), blob('c', 20)];
    expect(findShortage({ ...EMPTY, wanted, promised })).toBeUndefined();
    expect(findShortage({ ...EMPTY, wanted, promised, free: 99 })).toEqual({ need: 20, have: 19, quota: 0 });
  });

  it('names the quota when that is what is too small', () => {
    expect(findShortage({ ...EMPTY, wanted: [blob('a', 50)], used: 30, quota: 70 })).toEqual({
      need: 50,
      have: 40,
      quota: 70,
    });
    expect(findShortage({ ...EMPTY, wanted: [blob('a', 50)], used: 20, quota: 70 })).toBeUndefined();
  });

  it('lets a model in that needs nothing, however full the store is', () => {
    const full = { ...EMPTY, free: 0, used: 90, quota: 70 };
    expect(findShortage({ ...full, wanted: [blob('a', 9)], present: new Map([['a', 9]]) })).toBeUndefined();
    expect(findShortage({ ...full, wanted: [blob('a', 9)] })).toEqual({ need: 9, have: 0, quota: 70 });
  });

  it('trusts a disk that does not say what it has left', () => {
    expect(findShortage({ ...EMPTY, wanted: [blob('a', 1e15)], free: undefined })).toBeUndefined();
  });
});
