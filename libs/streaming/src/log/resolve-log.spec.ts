import { describe, expect, it } from 'vitest';
import type { Frame } from '#contracts';
import { body, fin, handover, head } from '../__fixtures__/frames.js';
import { encodeLog, FrameFormatError } from '../frames/frame-codec.js';
import { resolveLog } from './resolve-log.js';

const resolve = (...frames: Frame[]): ReturnType<typeof resolveLog> => resolveLog(encodeLog(frames));

/** Every order of a few things. */
function permutations<T>(items: readonly T[]): T[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((item, index) =>
    permutations([...items.slice(0, index), ...items.slice(index + 1)]).map((rest) => [item, ...rest]),
  );
}

describe('resolveLog', () => {
  it('reads an answer that one attempt wrote', () => {
    const frames = [head(), body(1, 'a'), body(2, 'b'), fin(3)];
    expect(resolve(...frames)).toEqual({
      attempt: 1,
      frames,
      head: { status: 200, headers: {}, workerId: 'w1' },
      body: Buffer.from('ab'),
      fin: { outcome: 'completed' },
      next: 4,
      bytes: encodeLog(frames).length,
      truncated: false,
    });
  });

  it('finds nothing in an empty log', () => {
    expect(resolve()).toEqual({
      attempt: 0,
      frames: [],
      body: Buffer.alloc(0),
      next: 0,
      bytes: 0,
      truncated: false,
    });
  });

  it('gives the same whatever the order and however often a frame is there', () => {
    const frames = [head(), body(1, 'a'), handover(2, 2), body(3, 'b', 2), fin(4, 2)];
    const { bytes: _, ...expected } = resolve(...frames);
    for (const order of permutations(frames)) {
      const { bytes, ...found } = resolve(...order, ...order.slice(0, 3));
      expect(found).toEqual(expected);
      expect(bytes).toBeGreaterThan(0);
    }
    expect(expected).toMatchObject({ attempt: 2, body: Buffer.from('ab'), next: 5, truncated: false });
  });

  it('takes an attempt that began again for the whole answer', () => {
    const found = resolve(head(1), head(2), body(1, 'new', 2), body(1, 'old', 1), body(2, 'older', 1));
    expect(found).toMatchObject({ attempt: 2, body: Buffer.from('new'), next: 2, truncated: false });
    expect(found.head?.workerId).toBe('w2');
  });

  it('follows the answer over several handovers', () => {
    const found = resolve(
      head(),
      body(1, 'a'),
      handover(2, 2),
      body(3, 'b', 2),
      handover(4, 5),
      body(5, 'c', 5),
    );
    expect(found).toMatchObject({ attempt: 5, body: Buffer.from('abc'), next: 6 });
    expect(found.head?.workerId).toBe('w1');
  });

  it('drops what an earlier attempt wrote from the handover on', () => {
    const zombie = [body(2, 'X'), body(3, 'Y'), fin(4)];
    const found = resolve(head(), body(1, 'a'), handover(2, 2), body(3, 'b', 2), ...zombie);
    expect(found).toMatchObject({ attempt: 2, body: Buffer.from('ab'), next: 4, truncated: false });
    expect(found.fin).toBeUndefined();
  });

  it('ends before a gap and says that there is more', () => {
    const found = resolve(head(), body(1, 'a'), body(3, 'c'), fin(4));
    expect(found).toMatchObject({ body: Buffer.from('a'), next: 2, truncated: true });
    expect(found.fin).toBeUndefined();
  });

  it.each([1, 2])('joins nothing to an attempt whose beginning is missing, here before frame %i', (first) => {
    const found = resolve(head(), body(1, 'a'), body(first, 'b', 2), body(first + 1, 'c', 2));
    expect(found).toMatchObject({ next: first - 1, truncated: true });
    expect(found.body.toString()).toBe('');
  });

  it('says that more was written than the limit let in', () => {
    const beyond = body(2, 'not logged');
    const capped = resolveLog(encodeLog([head(), body(1, 'a')], beyond));
    expect(capped).toMatchObject({ body: Buffer.from('a'), next: 2, truncated: true });
    const finished = resolveLog(
      Buffer.concat([encodeLog([head(), body(1, 'a')], beyond), encodeLog([fin(3)])]),
    );
    expect(finished).toMatchObject({ body: Buffer.from('a'), next: 2, truncated: true });
    expect(finished.fin).toBeUndefined();
  });

  it('takes a log that is cut anywhere within its last frame for one without it', () => {
    const whole = encodeLog([head(), body(1, 'a'), body(2, 'bcd')]);
    const last = encodeLog([body(2, 'bcd')]).length;
    for (let missing = 1; missing < last; missing++) {
      const found = resolveLog(whole.subarray(0, whole.length - missing));
      expect(found).toMatchObject({ body: Buffer.from('a'), next: 2, truncated: true });
    }
    expect(resolveLog(whole.subarray(0, whole.length - last))).toMatchObject({ next: 2, truncated: false });
  });

  it('refuses bytes that are no frames', () => {
    expect(() => resolve({ ...head(), payload: Buffer.from('{') })).toThrow(FrameFormatError);
    const unknownKind = encodeLog([body(0, 'a')]);
    unknownKind[10] = 9;
    expect(() => resolveLog(unknownKind)).toThrow(/unknown kind 9/);
  });
});
