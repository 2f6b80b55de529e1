import { describe, expect, it } from 'vitest';
import { WholeEvents } from './whole-events.js';

/** What leaves for each chunk that comes, and what is left at the end. */
function cut(...chunks: string[]): { taken: string[]; rest: string } {
  const events = new WholeEvents();
  const taken = chunks.map((chunk) => events.take(Buffer.from(chunk)).toString());
  return { taken, rest: events.rest.toString() };
}

describe('WholeEvents', () => {
  it('passes chunks on that end with an empty line, without a copy', () => {
    const chunk = Buffer.from('data: 1\n\ndata: 2\n\n');
    const taken = new WholeEvents().take(chunk);
    expect(taken.buffer).toBe(chunk.buffer);
    expect(taken.toString()).toBe('data: 1\n\ndata: 2\n\n');
  });

  it('keeps the beginning of an event until its end has come', () => {
    expect(cut('data: 1\n\ndat', 'a: 2', '\n', '\ndata: 3')).toEqual({
      taken: ['data: 1\n\n', '', '', 'data: 2\n\n'],
      rest: 'data: 3',
    });
  });

  it('knows lines that end with carriage returns, also when one is cut in two', () => {
    expect(cut('data: 1\r\n\r\ndata: 2\r\n\r', '\ndata: 3\r\n')).toEqual({
      taken: ['data: 1\r\n\r\n', 'data: 2\r\n\r\n'],
      rest: 'data: 3\r\n',
    });
  });

  it('does not take the lines of one event for events', () => {
    expect(cut('event: a\ndata: 1\n', 'data: 2\n\n')).toEqual({
      taken: ['', 'event: a\ndata: 1\ndata: 2\n\n'],
      rest: '',
    });
  });

  it('joins to the very bytes that came, however they are cut', () => {
    const stream = 'data: ü\n\n: note\r\n\r\nevent: x\ndata: {"a":"\\n\\n"}\n\ndata: [DONE]\n\n';
    const bytes = Buffer.from(stream);
    for (let size = 1; size <= bytes.length; size++) {
      const events = new WholeEvents();
      const taken: Buffer[] = [];
      for (let from = 0; from < bytes.length; from += size)
        taken.push(events.take(bytes.subarray(from, from + size)));
      expect(Buffer.concat([...taken, events.rest]).toString()).toBe(stream);
      expect(events.rest.length).toBe(0);
    }
  });

  it('refuses an event that never ends', () => {
    const events = new WholeEvents();
    const piece = Buffer.alloc(6 * 1024 * 1024, 'a');
    events.take(piece);
    events.take(piece);
    expect(() => events.take(piece)).toThrow('16 MiB');
  });
});
