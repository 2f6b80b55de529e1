import { describe, expect, it } from 'vitest';
import { EventCounter, readStamps } from './event-counter.js';

const HEAD = 'HTTP/1.1 200 OK\r\nKeep-Alive: timeout=5, max=100\r\n\r\n';
const STREAM = `${HEAD}8\r\ndata: a\n\n\r\n8\r\ndata: b\n\n\r\ne\r\ndata: [DONE]\n\n\r\n0\r\n\r\n`;

describe('EventCounter', () => {
  it('counts the same however the network cuts the stream', () => {
    for (let size = 1; size <= STREAM.length; size++) {
      const counter = new EventCounter();
      for (let at = 0; at < STREAM.length; at += size)
        counter.add(Buffer.from(STREAM.slice(at, at + size), 'latin1'));
      expect([size, counter.events, counter.complete, counter.ended]).toEqual([size, 3, true, true]);
    }
  });

  it('does not take a head that ends in 0 for the last chunk', () => {
    const counter = new EventCounter();
    counter.add(Buffer.from(HEAD));
    expect(counter.ended).toBe(false);
  });

  it('calls a stream without [DONE] incomplete', () => {
    const counter = new EventCounter();
    counter.add(Buffer.from(`${HEAD}8\r\ndata: a\n\n\r\n0\r\n\r\n`));
    expect([counter.ended, counter.complete]).toEqual([true, false]);
  });
});

describe('readStamps', () => {
  it('reads every stamp but one that is cut off', () => {
    const bytes = Buffer.from('{"emitted_at":123}\n\n{"x":1,"emitted_at":4567,"y":2}\n\n{"emitted_at":89');
    expect(readStamps(bytes)).toEqual([123, 4567]);
  });
});
