import { describe, expect, it } from 'vitest';
import type { Frame } from '#contracts';
import { decodeBatch, encodeBatch, FrameFormatError } from './frame-codec.js';

const frames: Frame[] = [
  { stream: 0, attempt: 1, sequence: 0, kind: 'head', payload: Buffer.from('{"status":200}') },
  {
    stream: 0xffff_ffff,
    attempt: 0xffff,
    sequence: 0xffff_ffff,
    kind: 'body',
    payload: Buffer.from([0, 255, 10]),
  },
  { stream: 7, attempt: 2, sequence: 3, kind: 'fin', payload: Buffer.alloc(0) },
];

describe('frame codec', () => {
  it('gives back every frame it was given, in order', () => {
    expect(decodeBatch(encodeBatch(frames))).toEqual(frames);
  });

  it('reads an empty batch', () => {
    expect(decodeBatch(encodeBatch([]))).toEqual([]);
  });

  it('refuses a batch of another version', () => {
    const batch = encodeBatch(frames);
    batch[0] = 9;
    expect(() => decodeBatch(batch)).toThrow(FrameFormatError);
  });

  it('refuses a batch that is cut anywhere but between two frames', () => {
    const batch = encodeBatch(frames);
    const whole = new Set([1, 1 + 16 + 14, 1 + 16 + 14 + 16 + 3, batch.length]);
    const readable = (length: number): boolean => {
      try {
        decodeBatch(batch.subarray(0, length));
        return true;
      } catch (error) {
        if (error instanceof FrameFormatError) return false;
        throw error;
      }
    };
    const lengths = Array.from({ length: batch.length }, (_, index) => index + 1);
    expect(new Set(lengths.filter(readable))).toEqual(whole);
  });

  it('refuses a frame of an unknown kind', () => {
    const batch = encodeBatch(frames);
    batch[1 + 10] = 7;
    expect(() => decodeBatch(batch)).toThrow(/unknown kind 7/);
  });
});
