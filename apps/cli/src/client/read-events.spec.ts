import { describe, expect, it } from 'vitest';
import { readEvents } from './read-events.js';
import { readLines } from './read-lines.js';

/** The bytes of a text in pieces of a size, so that characters and line ends are split. */
async function* pieces(text: string, size: number): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

const all = async <T>(source: AsyncIterable<T>): Promise<T[]> => {
  const items: T[] = [];
  for await (const item of source) items.push(item);
  return items;
};

describe('readLines', () => {
  it.each([1, 2, 3, 100])(
    'puts lines and characters together again from pieces of %i bytes',
    async (size) => {
      const lines = await all(readLines(pieces('größe\r\n\n漢字🚢\nno end', size)));
      expect(lines).toEqual(['größe', '', '漢字🚢', 'no end']);
    },
  );

  it('finds no line in nothing', async () => {
    expect(await all(readLines(pieces('', 1)))).toEqual([]);
  });
});

describe('readEvents', () => {
  const text = ': queued position=3\n\nevent: new\nid: 7\ndata: a\ndata: 漢\n\ndata:no blank\n\n';

  it.each([1, 5, 1000])('reads events and comments from pieces of %i bytes', async (size) => {
    expect(await all(readEvents(pieces(text, size)))).toEqual([
      { kind: 'comment', text: 'queued position=3' },
      { kind: 'event', event: 'new', data: 'a\n漢', id: '7' },
      { kind: 'event', event: 'message', data: 'no blank', id: '7' },
    ]);
  });

  it('drops an event that was cut off', async () => {
    expect(await all(readEvents(pieces('data: whole\n\ndata: ha', 3)))).toHaveLength(1);
  });
});
