import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { UnreadBytes } from './unread-bytes.js';

const MESSAGE_BYTES = 64 * 1024;

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}

describe('UnreadBytes', () => {
  it('gives everything back in order, once', () => {
    const unread = new UnreadBytes();
    expect(unread.take()).toBeUndefined();
    const pieces = Array.from({ length: 300 }, (_, index) => `${index},`);
    for (const piece of pieces) unread.push(Buffer.from(piece));
    expect(unread.length).toBe(pieces.join('').length);
    expect(unread.take()?.toString()).toBe(pieces.join(''));
    expect([unread.length, unread.take()]).toEqual([0, undefined]);
    unread.push(Buffer.from('again'));
    expect(unread.take()?.toString()).toBe('again');
  });

  it('gives a lot back in steps, whatever its pieces', () => {
    const unread = new UnreadBytes();
    const pieces = [10, 300_000, 7, 200_000, ...Array.from({ length: 500 }, () => 300)].map((size, index) =>
      Buffer.alloc(size, index),
    );
    for (const piece of pieces) unread.push(piece);
    const steps: Buffer[] = [];
    for (let step = unread.take(); step !== undefined; step = unread.take()) steps.push(step);
    expect(Buffer.concat(steps).equals(Buffer.concat(pieces))).toBe(true);
    expect(Math.max(...steps.map(({ length }) => length))).toBe(32 * 1024);
    expect(unread.length).toBe(0);
  });

  it('copies no large piece', () => {
    const unread = new UnreadBytes();
    const large = Buffer.alloc(1_000_000);
    unread.push(large);
    for (let index = 0; index < 100; index++) unread.push(Buffer.from('x'));
    expect(unread.take()?.buffer).toBe(large.buffer);
  });

  it('hands a single piece on without a copy', () => {
    const unread = new UnreadBytes();
    const piece = Buffer.from('piece');
    unread.push(piece);
    expect(unread.take()).toBe(piece);
  });

  it('does not keep the messages whose pieces pile up', async () => {
    const unread = new UnreadBytes();
    const messages: WeakRef<ArrayBufferLike>[] = [];
    const receive = (): void => {
      const message = Buffer.alloc(MESSAGE_BYTES, 'x');
      messages.push(new WeakRef(message.buffer));
      unread.push(message.subarray(0, 170));
    };
    for (let i = 0; i < 1_000; i++) receive();
    await turn();
    collectGarbage();
    await turn();
    expect(messages.filter((message) => message.deref() !== undefined).length).toBeLessThanOrEqual(64);
    expect(unread.length).toBe(170_000);
  });
});
