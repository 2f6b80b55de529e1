import { describe, expect, it } from 'vitest';
import { numberEvents, withEventIds } from './event-ids.js';

const TEXT = 'data: a\n\ndata: b\ndata: c\n\n: ping\n\ndata: [DONE]\n\n';

async function* chunksOf(text: string, size: number): AsyncGenerator<Buffer, void, void> {
  for (let at = 0; at < text.length; at += size) yield Buffer.from(text.slice(at, at + size));
}

async function read(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

describe('numberEvents', () => {
  it.each([1, 2, 3, 7, 100])('numbers each event once, in chunks of %i bytes', async (size) => {
    expect(await read(numberEvents(chunksOf(TEXT, size), { after: 0, ids: true }))).toBe(
      'id: 1\ndata: a\n\nid: 2\ndata: b\ndata: c\n\nid: 3\n: ping\n\nid: 4\ndata: [DONE]\n\n',
    );
  });

  it.each([1, 5, 100])('leaves out what the client has, in chunks of %i bytes', async (size) => {
    expect(await read(numberEvents(chunksOf(TEXT, size), { after: 2, ids: true }))).toBe(
      'id: 3\n: ping\n\nid: 4\ndata: [DONE]\n\n',
    );
  });

  it.each([4, 5, 1_000_000])('has nothing left after event %i of four', async (after) => {
    expect(await read(numberEvents(chunksOf(TEXT, 9), { after, ids: true }))).toBe('');
  });

  it('passes on an event that has no end', async () => {
    expect(await read(numberEvents(chunksOf('data: a\n\ndata', 4), { after: 1, ids: false }))).toBe('data');
  });

  it('begins numbers with events, not with lines', async () => {
    const body = numberEvents(chunksOf('data: a\ndata: b\n\n', 8), { after: 0, ids: true });
    expect(await read(body)).toBe('id: 1\ndata: a\ndata: b\n\n');
  });
});

describe('withEventIds', () => {
  it('leaves answers alone that are no event streams', async () => {
    const headers = { 'content-type': 'application/json' };
    const response = { status: 200, headers, body: chunksOf('{}\n\n{}', 3) };
    expect(await read(withEventIds(response, { after: 1, ids: true }).body)).toBe('{}\n\n{}');
  });
});
