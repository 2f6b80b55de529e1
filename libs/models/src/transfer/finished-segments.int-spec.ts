import { open, truncate, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { changeBody, rangeOf, stopAfter } from '../__fixtures__/misbehave.js';
import {
  SEGMENT,
  SIZE,
  STARTS,
  isWhole,
  leftovers,
  publishBlob,
  smallSegments,
  sorted,
} from '../__fixtures__/published-blob.js';
import type { FrontExchange } from '#testing';
import { Workbench } from '../__fixtures__/workbench.js';

let bench: Workbench;

beforeAll(async () => {
  bench = await Workbench.start();
});
afterAll(() => bench.stop());

/** Fails after so many ranges, so that the next pull has something to go on from. */
function failingAfter(
  ranges: number,
  broken: { now: boolean },
): (exchange: FrontExchange, count: number) => void {
  return ({ forward, response }, count) => {
    if (broken.now && count >= ranges) return void response.writeHead(404).end();
    return forward();
  };
}

describe('what was finished before', () => {
  it('is not fetched again by the next pull', async () => {
    const broken = { now: true };
    const model = await publishBlob(bench, failingAfter(6, broken));
    await expect(model.pull(smallSegments({ connectionsPerBlob: 1 }))).rejects.toThrow(
      'does not have all parts',
    );
    expect(model.starts).toEqual(STARTS.slice(0, 7));
    expect((await leftovers(model.store)).length).toBe(2);
    broken.now = false;
    model.starts.length = 0;
    await model.pull();
    expect(sorted(model.starts)).toEqual(STARTS.slice(6));
    expect(await isWhole(model)).toBe(true);
  });

  it('is used in the segments it was begun with, whatever the settings say now', async () => {
    const broken = { now: true };
    const model = await publishBlob(bench, failingAfter(6, broken));
    await expect(model.pull(smallSegments({ connectionsPerBlob: 1 }))).rejects.toThrow(
      'does not have all parts',
    );
    broken.now = false;
    model.starts.length = 0;
    await model.pull(smallSegments({ segmentSize: 5 * SEGMENT }));
    expect(sorted(model.starts)).toEqual(STARTS.slice(6));
    expect(await isWhole(model)).toBe(true);
  });

  it('is fetched anew when its bytes were damaged on disk', async () => {
    const broken = { now: true };
    const model = await publishBlob(bench, failingAfter(6, broken));
    await expect(model.pull(smallSegments({ connectionsPerBlob: 1 }))).rejects.toThrow(
      'does not have all parts',
    );
    const file = await open(model.partial, 'r+');
    await file.write(Buffer.from('damage'), 0, 6, 3 * SEGMENT);
    await file.close();
    broken.now = false;
    model.starts.length = 0;
    await model.pull();
    expect(sorted(model.starts)).toEqual(sorted([...STARTS.slice(6), ...STARTS]));
    expect(await isWhole(model)).toBe(true);
  });

  it('counts only as far as the file reaches', async () => {
    const broken = { now: true };
    const model = await publishBlob(bench, failingAfter(6, broken));
    await expect(model.pull(smallSegments({ connectionsPerBlob: 1 }))).rejects.toThrow(
      'does not have all parts',
    );
    await truncate(model.partial, 2 * SEGMENT + 5);
    broken.now = false;
    model.starts.length = 0;
    await model.pull();
    expect(sorted(model.starts)).toEqual(STARTS.slice(2));
    expect(await isWhole(model)).toBe(true);
  });

  it.each([
    ['no JSON', '{'],
    ['of something else', '{"version":1,"size":7}'],
  ])('is given up when the record is %s', async (_, record) => {
    const broken = { now: true };
    const model = await publishBlob(bench, failingAfter(6, broken));
    await expect(model.pull(smallSegments({ connectionsPerBlob: 1 }))).rejects.toThrow(
      'does not have all parts',
    );
    await writeFile(`${model.partial}.json`, record);
    broken.now = false;
    model.starts.length = 0;
    await model.pull();
    expect(sorted(model.starts)).toEqual(STARTS);
    expect(await isWhole(model)).toBe(true);
  });
});

describe('a server that lies', () => {
  it('about the bytes once is asked again for all of them', async () => {
    let lies = true;
    const model = await publishBlob(bench, ({ response, forward }, count) => {
      if (count === 5 && lies) {
        lies = false;
        changeBody(response, (piece) => Buffer.from(piece.map((byte) => byte ^ 1)));
      }
      forward();
    });
    await model.pull();
    expect(await isWhole(model)).toBe(true);
    expect(model.starts).toHaveLength(32);
  });

  it('about the bytes every time is found out, and nothing of it stays', async () => {
    const model = await publishBlob(bench, ({ response, forward }) => {
      changeBody(response, (piece) => Buffer.from(piece.map((byte) => byte ^ 1)));
      forward();
    });
    await expect(model.pull()).rejects.toMatchObject({
      failure: 'failed',
      message: `A part of the model arrived damaged: its digest is not ${model.digest}.`,
    });
    expect(await leftovers(model.store)).toEqual([]);
    expect(await model.store.list()).toEqual([]);
  });

  it.each([
    ['longer', SIZE + 1],
    ['shorter', SIZE - 1],
  ])('about the size is found out before a byte is stored: %s', async (word, size) => {
    const model = await publishBlob(bench, ({ request, response }) => {
      const { start, end } = rangeOf(request) ?? { start: 0, end: SIZE };
      response.writeHead(206, { 'content-range': `bytes ${start}-${end - 1}/${size}` });
      response.end(Buffer.alloc(end - start));
    });
    await expect(model.pull()).rejects.toThrow(`is ${word} than its manifest says`);
    expect(await leftovers(model.store)).toEqual([]);
  });

  it('and sends more than the whole without saying so is found out', async () => {
    const model = await publishBlob(bench, ({ response }) => {
      response.writeHead(200);
      response.write(model.content);
      response.end('more');
    });
    await expect(model.pull()).rejects.toThrow('is longer than its manifest says');
    expect(await leftovers(model.store)).toEqual([]);
  });

  it('and sends empty ranges, or other ones, is not asked for ever', async () => {
    for (const range of [`bytes 0-0/${SIZE}`, `bytes 5-4/${SIZE}`, `bytes 70-80/${SIZE}`]) {
      const model = await publishBlob(bench, ({ response }) => {
        response.writeHead(206, { 'content-range': range }).end();
      });
      await expect(model.pull()).rejects.toMatchObject({ failure: 'failed' });
      expect(model.starts.length).toBeLessThan(10);
    }
  });
});

describe('a server that ignores ranges', () => {
  const wholeAnswer = ({ response }: FrontExchange, content: Buffer): void => {
    response.writeHead(200, { 'content-length': String(content.length) });
    response.write(content);
    response.end();
  };

  it('is read in one stream', async () => {
    const model = await publishBlob(bench, (exchange) => wholeAnswer(exchange, model.content));
    await model.pull();
    expect(await isWhole(model)).toBe(true);
    expect(model.starts).toEqual([0, -1]);
  });

  it('is read in one stream also when it begins to do so in the middle', async () => {
    const model = await publishBlob(bench, (exchange, count) => {
      if (count < 5) return exchange.forward();
      return wholeAnswer(exchange, model.content);
    });
    await model.pull();
    expect(await isWhole(model)).toBe(true);
  });

  it('and cuts the stream is read on from there, and its finished segments stay for the next pull', async () => {
    let cuts = true;
    const model = await publishBlob(bench, (exchange, count) => {
      if (cuts && count > 0) stopAfter(exchange.response, 5 * SEGMENT, () => exchange.response.destroy());
      wholeAnswer(exchange, model.content);
    });
    await expect(model.pull()).rejects.toMatchObject({ failure: 'failed' });
    expect((await leftovers(model.store)).length).toBe(2);
    cuts = false;
    await model.pull();
    expect(await isWhole(model)).toBe(true);
  });
});
