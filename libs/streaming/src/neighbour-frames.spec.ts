import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Frame } from '#contracts';
import { decodeBatch, encodeBatch, FrameFormatError } from './frames/frame-codec.js';
import { readContent } from './frames/frame-content.js';
import { ResponseStream } from './receiving/response-stream.js';

/** A batch as a worker of a release sent it, and what it says. */
interface Recorded {
  /** Hexadecimal. */
  readonly batch: string;
  readonly frames: readonly (Omit<Frame, 'payload'> & { readonly payload: string })[];
}

const file = new URL('__fixtures__/release-0.1.0/frame-batch.json', import.meta.url);
const recorded = JSON.parse(readFileSync(file, 'utf8')) as Recorded;
const batch = Buffer.from(recorded.batch, 'hex');
const ignore = { replay: () => undefined, pause: () => undefined, resume: () => undefined };

describe('frames of release 0.1.0', () => {
  it('are read as they were meant', () => {
    const frames = decodeBatch(batch).map((frame) => ({ ...frame, payload: frame.payload.toString() }));
    expect(frames).toEqual(recorded.frames);
  });

  it('are the answer they were', async () => {
    const response = new ResponseStream(ignore, 0);
    for (const frame of decodeBatch(batch)) response.accept(frame, 0);
    expect(await response.head()).toEqual(JSON.parse(recorded.frames[0]?.payload ?? ''));
    const parts: Buffer[] = [];
    for await (const part of response.body()) parts.push(part);
    expect(Buffer.concat(parts).toString()).toBe(recorded.frames[1]?.payload);
  });

  it('have the very bytes that are sent today, so that it reads those', () => {
    expect(encodeBatch(decodeBatch(batch)).toString('hex')).toBe(recorded.batch);
  });
});

describe('frames of the next release', () => {
  it('are read with members that are unknown', () => {
    const more = (payload: Buffer): Buffer =>
      Buffer.from(JSON.stringify({ ...(JSON.parse(payload.toString()) as object), ofTheFuture: 1 }));
    const [head, body, fin] = decodeBatch(batch).map((frame) =>
      frame.kind === 'body' ? frame : { ...frame, payload: more(frame.payload) },
    );
    expect([head, body, fin].map((frame) => frame && readContent(frame).kind)).toEqual([
      'head',
      'body',
      'fin',
    ]);
  });

  it('are refused with a reason when their version is higher', () => {
    const next = Buffer.concat([Buffer.from([2]), batch.subarray(1)]);
    expect(() => decodeBatch(next)).toThrow(FrameFormatError);
    expect(() => decodeBatch(next)).toThrow('frame batch of version 2, not 1');
  });
});
