import { describe, expect, it } from 'vitest';
import { EventReader } from './event-reader.js';

function read(...pieces: readonly string[]): EventReader {
  const reader = new EventReader();
  for (const [index, piece] of pieces.entries()) reader.add(Buffer.from(piece), index);
  return reader;
}

describe('EventReader', () => {
  it('counts whole events, whatever pieces they come in, and no comments', () => {
    const reader = read(': queued\n\ndata: a', '\n', '\ndata: b\n\n:\n\nda', 'ta: [DONE]\n\n');
    expect(reader.events).toEqual(['data: a', 'data: b', 'data: [DONE]']);
    expect(reader.arrivals).toEqual([2, 2, 3]);
    expect(reader.finished).toBe(true);
    expect(reader.problems).toEqual([]);
  });

  it('forgets half an event when its connection breaks', () => {
    const reader = read('data: a\n\ndata: b');
    reader.breakOff();
    reader.add(Buffer.from('id: 2\ndata: b\n\n'), 5);
    expect(reader.events).toEqual(['data: a', 'data: b']);
    expect(reader.problems).toEqual([]);
    expect(reader.finished).toBe(false);
  });

  it('notices a number that is not that of its event', () => {
    expect(read('id: 1\ndata: a\n\nid: 3\ndata: b\n\n').problems).toEqual(['called its event number 2 3']);
  });

  it('notices what comes after the end', () => {
    expect(read('data: [DONE]\n\ndata: more\n\n').problems).toEqual([
      'went on after its end with data: more',
    ]);
  });

  it('takes an error for no part of the answer', () => {
    const reader = read('data: a\n\ndata: {"error":{"code":"worker_lost"}}\n\n');
    expect(reader.events).toEqual(['data: a']);
    expect(reader.takeError()).toContain('worker_lost');
    expect(reader.takeError()).toBe(undefined);
  });

  it('notices what comes after an error', () => {
    const reader = read('data: {"error":{"code":"worker_lost"}}\n\n', 'data: a\n\n');
    expect(reader.problems).toEqual(['went on after it told of a failure']);
  });
});
