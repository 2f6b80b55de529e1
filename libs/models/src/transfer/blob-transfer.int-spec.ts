import { open, readFile, readdir, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '#testing';
import { changeBody, onBlob, rangeOf, stopAfter } from '../__fixtures__/misbehave.js';
import type { FrontExchange } from '../__fixtures__/registry-front.js';
import { IMPATIENT, Workbench, randomArtifact } from '../__fixtures__/workbench.js';
import type { ModelStore } from '../store/model-store.js';
import { BlobTransfer } from './blob-transfer.js';
import type { TransferSettings } from './transfer-settings.js';

const KIBIBYTE = 1024;
const SEGMENT = 64 * KIBIBYTE;
/** Not a multiple of a segment. */
const SIZE = 16 * SEGMENT - 1000;
const STARTS = Array.from({ length: 16 }, (_, index) => index * SEGMENT);

let bench: Workbench;
let serial = 0;

beforeAll(async () => {
  bench = await Workbench.start();
});
afterAll(() => bench.stop());

function smallSegments(settings: Partial<TransferSettings> = {}): BlobTransfer {
  return new BlobTransfer({ segmentSize: SEGMENT, retry: IMPATIENT, ...settings });
}

/** A model of one large blob in the registry, behind a front that `handle` speaks for when the blob is asked for. */
async function publish(handle: (exchange: FrontExchange, count: number) => void, size = SIZE) {
  serial += 1;
  const path = `transfer/model-${serial}:1`;
  const artifact = randomArtifact(size);
  await bench.push(artifact, path);
  const [, blob] = artifact.blobs;
  if (!blob || typeof blob.content === 'string') throw new Error('the artifact has no layer');
  const { digest } = blob.descriptor;
  const starts: number[] = [];
  const front = await bench.front(
    onBlob(digest, (exchange, count) => {
      starts.push(rangeOf(exchange.request)?.start ?? -1);
      handle(exchange, count);
    }),
  );
  const store = await bench.store();
  return {
    /** Where the ranges began that were asked for; -1 for the whole. */
    starts,
    store,
    digest,
    content: blob.content,
    partial: join(store.directory, 'partial', digest.slice(7)),
    pull: (transfer = smallSegments(), signal?: AbortSignal) =>
      bench.pull(store, path, { host: front.host, transfer, ...(signal && { signal }) }),
  };
}

type Published = Awaited<ReturnType<typeof publish>>;

async function expectWhole({ store, content, digest }: Published): Promise<void> {
  const bytes = await readFile(join(store.directory, 'blobs/sha256', digest.slice(7)));
  expect(bytes.equals(content)).toBe(true);
  expect(await leftovers(store)).toEqual([]);
}

async function leftovers(store: ModelStore): Promise<string[]> {
  return readdir(join(store.directory, 'partial'));
}

function sorted(numbers: readonly number[]): number[] {
  return [...numbers].sort((a, b) => a - b);
}

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

describe('parallel ranges', () => {
  it('ask for the first alone and for the others side by side, each once', async () => {
    const held: (() => void)[] = [];
    let answered = false;
    const model = await publish(({ response, forward }, count) => {
      if (count === 0) {
        response.once('finish', () => (answered = true));
        setTimeout(forward, 50);
        return;
      }
      held.push(forward);
      // Four lanes: the others wait until four requests are open.
      if (count >= 4) for (const go of held.splice(0)) go();
      else if (count === 1) expect(answered || model.starts.length <= 4).toBe(true);
    });
    await model.pull();
    await expectWhole(model);
    expect(sorted(model.starts)).toEqual(STARTS);
  });

  it('never exceed what all blobs together may have', async () => {
    let [now, most] = [0, 0];
    const artifact = randomArtifact(SIZE, SIZE, SIZE);
    await bench.push(artifact, 'transfer/together:1');
    const front = await bench.front(({ request, response, forward }) => {
      if (request.headers.range === undefined) return forward();
      now += 1;
      most = Math.max(most, now);
      response.once('close', () => (now -= 1));
      return forward();
    });
    const transfer = smallSegments({ connections: 2 });
    await bench.pull(await bench.store(), 'transfer/together:1', { host: front.host, transfer });
    expect(most).toBe(2);
  });

  it('report bytes that only grow, up to the size', async () => {
    const model = await publish(({ forward }) => forward());
    const seen: number[] = [];
    const place = { data: join(await bench.folder(), 'data'), record: join(await bench.folder(), 'record') };
    await smallSegments().fetch({
      blob: { digest: model.digest, size: SIZE },
      place,
      open: async ({ start, end }) => ({ start, end, bytes: oneBy(model.content.subarray(start, end)) }),
      onProgress: (bytes) => seen.push(bytes),
    });
    expect(seen).toEqual(sorted(seen));
    expect(seen.at(-1)).toBe(SIZE);
    expect((await readFile(place.data)).equals(model.content)).toBe(true);
  });

  it('bring a blob without bytes', async () => {
    const artifact = randomArtifact(0, 10);
    await bench.push(artifact, 'transfer/empty:1');
    const { model } = await bench.pull(await bench.store(), 'transfer/empty:1', {
      transfer: smallSegments(),
    });
    expect(model.id).toBe(artifact.id);
  });
});

describe('what was finished before', () => {
  it('is not fetched again by the next pull', async () => {
    const broken = { now: true };
    const model = await publish(failingAfter(6, broken));
    await expect(model.pull(smallSegments({ connectionsPerBlob: 1 }))).rejects.toThrow(
      'does not have all parts',
    );
    expect(model.starts).toEqual(STARTS.slice(0, 7));
    expect((await leftovers(model.store)).length).toBe(2);
    broken.now = false;
    model.starts.length = 0;
    await model.pull();
    expect(sorted(model.starts)).toEqual(STARTS.slice(6));
    await expectWhole(model);
  });

  it('is used in the segments it was begun with, whatever the settings say now', async () => {
    const broken = { now: true };
    const model = await publish(failingAfter(6, broken));
    await expect(model.pull(smallSegments({ connectionsPerBlob: 1 }))).rejects.toThrow();
    broken.now = false;
    model.starts.length = 0;
    await model.pull(smallSegments({ segmentSize: 5 * SEGMENT }));
    expect(sorted(model.starts)).toEqual(STARTS.slice(6));
    await expectWhole(model);
  });

  it('is fetched anew when its bytes were damaged on disk', async () => {
    const broken = { now: true };
    const model = await publish(failingAfter(6, broken));
    await expect(model.pull(smallSegments({ connectionsPerBlob: 1 }))).rejects.toThrow();
    const file = await open(model.partial, 'r+');
    await file.write(Buffer.from('damage'), 0, 6, 3 * SEGMENT);
    await file.close();
    broken.now = false;
    model.starts.length = 0;
    await model.pull();
    expect(sorted(model.starts)).toEqual(sorted([...STARTS.slice(6), ...STARTS]));
    await expectWhole(model);
  });

  it('counts only as far as the file reaches', async () => {
    const broken = { now: true };
    const model = await publish(failingAfter(6, broken));
    await expect(model.pull(smallSegments({ connectionsPerBlob: 1 }))).rejects.toThrow();
    await truncate(model.partial, 2 * SEGMENT + 5);
    broken.now = false;
    model.starts.length = 0;
    await model.pull();
    expect(sorted(model.starts)).toEqual(STARTS.slice(2));
    await expectWhole(model);
  });

  it.each([
    ['no JSON', '{'],
    ['of something else', '{"version":1,"size":7}'],
  ])('is given up when the record is %s', async (_, record) => {
    const broken = { now: true };
    const model = await publish(failingAfter(6, broken));
    await expect(model.pull(smallSegments({ connectionsPerBlob: 1 }))).rejects.toThrow();
    await writeFile(`${model.partial}.json`, record);
    broken.now = false;
    model.starts.length = 0;
    await model.pull();
    expect(sorted(model.starts)).toEqual(STARTS);
    await expectWhole(model);
  });
});

describe('a server that lies', () => {
  it('about the bytes once is asked again for all of them', async () => {
    let lies = true;
    const model = await publish(({ response, forward }, count) => {
      if (count === 5 && lies) {
        lies = false;
        changeBody(response, (piece) => Buffer.from(piece.map((byte) => byte ^ 1)));
      }
      forward();
    });
    await model.pull();
    await expectWhole(model);
    expect(model.starts).toHaveLength(32);
  });

  it('about the bytes every time is found out, and nothing of it stays', async () => {
    const model = await publish(({ response, forward }) => {
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
    const model = await publish(({ request, response }) => {
      const { start, end } = rangeOf(request) ?? { start: 0, end: SIZE };
      response.writeHead(206, { 'content-range': `bytes ${start}-${end - 1}/${size}` });
      response.end(Buffer.alloc(end - start));
    });
    await expect(model.pull()).rejects.toThrow(`is ${word} than its manifest says`);
    expect(await leftovers(model.store)).toEqual([]);
  });

  it('and sends more than the whole without saying so is found out', async () => {
    const model = await publish(({ response }) => {
      response.writeHead(200);
      response.write(model.content);
      response.end('more');
    });
    await expect(model.pull()).rejects.toThrow('is longer than its manifest says');
    expect(await leftovers(model.store)).toEqual([]);
  });

  it('and sends empty ranges, or other ones, is not asked for ever', async () => {
    for (const range of [`bytes 0-0/${SIZE}`, `bytes 5-4/${SIZE}`, `bytes 70-80/${SIZE}`]) {
      const model = await publish(({ response }) => {
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
    const model = await publish((exchange) => wholeAnswer(exchange, model.content));
    await model.pull();
    await expectWhole(model);
    expect(model.starts).toEqual([0, -1]);
  });

  it('is read in one stream also when it begins to do so in the middle', async () => {
    const model = await publish((exchange, count) => {
      if (count < 5) return exchange.forward();
      return wholeAnswer(exchange, model.content);
    });
    await model.pull();
    await expectWhole(model);
  });

  it('and cuts the stream is read on from there, and its finished segments stay for the next pull', async () => {
    let cuts = true;
    const model = await publish((exchange, count) => {
      if (cuts && count > 0) stopAfter(exchange.response, 5 * SEGMENT, () => exchange.response.destroy());
      wholeAnswer(exchange, model.content);
    });
    await expect(model.pull()).rejects.toMatchObject({ failure: 'failed' });
    expect((await leftovers(model.store)).length).toBe(2);
    cuts = false;
    await model.pull();
    await expectWhole(model);
  });
});

describe('a bad network', () => {
  it('that cuts the answer to every second range delays a pull and no more', async () => {
    const model = await publish(({ request, response, forward }) => {
      const start = rangeOf(request)?.start ?? 0;
      if (start % (2 * SEGMENT) === SEGMENT) stopAfter(response, 20 * KIBIBYTE, () => response.destroy());
      forward();
    });
    await model.pull();
    await expectWhole(model);
    // What had come of a range before the cut is not asked for again.
    const again = model.starts.filter((start) => start % SEGMENT !== 0);
    expect(sorted(again)).toEqual(
      STARTS.filter((_, index) => index % 2 === 1).map((start) => start + 20 * KIBIBYTE),
    );
  });

  it('with answers of 429, 500 and 503 in the middle is waited out', async () => {
    const model = await publish(({ response, forward }, count) => {
      const status = [0, 429, 0, 500, 0, 503][count];
      if (status === undefined || status === 0) return forward();
      return void response.writeHead(status, { 'retry-after': '0' }).end();
    });
    await model.pull();
    await expectWhole(model);
  });

  it('is given as long as Retry-After says', async () => {
    const asked: number[] = [];
    const model = await publish(({ response, forward }, count) => {
      asked.push(performance.now());
      if (count > 0) return forward();
      return void response.writeHead(429, { 'retry-after': '1' }).end();
    }, 1000);
    await model.pull();
    expect((asked[1] ?? 0) - (asked[0] ?? 0)).toBeGreaterThanOrEqual(990);
  });

  it('that says no is not asked again', async () => {
    for (const status of [400, 404, 410]) {
      const model = await publish(({ response }) => void response.writeHead(status).end());
      await expect(model.pull()).rejects.toMatchObject({ failure: 'failed' });
      expect(model.starts).toEqual([0]);
    }
  });

  it('that falls silent is left for a new connection', async () => {
    const model = await publish(({ response, forward }, count) => {
      if (count === 2) stopAfter(response, 10 * KIBIBYTE, () => undefined);
      forward();
    });
    await model.pull(smallSegments({ stallTimeout: 300 }));
    await expectWhole(model);
    expect(model.starts).toHaveLength(17);
  });

  it('that stays silent ends the pull with a sentence', async () => {
    const model = await publish(({ response }) => {
      response.writeHead(206, { 'content-range': `bytes 0-${SEGMENT - 1}/${SIZE}` }).flushHeaders();
    });
    await expect(model.pull(smallSegments({ stallTimeout: 100 }))).rejects.toThrow(
      'the server sent nothing for 0.1 seconds',
    );
    expect(await leftovers(model.store)).toEqual([]);
  });
});

describe('a pull that is aborted', () => {
  it('closes every connection, keeps what is finished, and goes on from there', async () => {
    let stalls = true;
    let openNow = 0;
    const model = await publish(({ response, forward }, count) => {
      openNow += 1;
      response.once('close', () => (openNow -= 1));
      if (stalls && count >= 6) stopAfter(response, KIBIBYTE, () => undefined);
      forward();
    });
    const abort = new AbortController();
    const pull = model.pull(smallSegments(), abort.signal);
    const outcome = pull.catch((error: unknown) => error);
    await eventually(
      () => Promise.resolve(model.starts.length),
      (count) => count === 10,
    );
    await eventually(
      () => Promise.resolve(openNow),
      (count) => count === 4,
    );
    const reason = new Error('the caller has gone');
    abort.abort(reason);
    expect(await outcome).toBe(reason);
    await eventually(
      () => Promise.resolve(openNow),
      (count) => count === 0,
    );
    expect((await leftovers(model.store)).length).toBe(2);
    stalls = false;
    model.starts.length = 0;
    await model.pull();
    expect(model.starts).toHaveLength(10);
    await expectWhole(model);
  });

  it('before it began does nothing', async () => {
    const model = await publish(({ forward }) => forward());
    await expect(model.pull(smallSegments(), AbortSignal.abort(new Error('no')))).rejects.toThrow('no');
    expect(model.starts).toEqual([]);
  });

  it('stops waiting for leave to connect', async () => {
    const model = await publish(({ response }) => void response.writeHead(206));
    const transfer = smallSegments({ connections: 1 });
    const first = new AbortController();
    const second = new AbortController();
    const waiting = [model.pull(transfer, first.signal), other(transfer, second.signal)];
    await eventually(
      () => Promise.resolve(model.starts.length),
      (count) => count === 1,
    );
    second.abort(new Error('second'));
    await expect(waiting[1]).rejects.toThrow('second');
    first.abort(new Error('first'));
    await expect(waiting[0]).rejects.toThrow('first');
  });

  async function other(transfer: BlobTransfer, signal: AbortSignal): Promise<unknown> {
    const held = await publish(({ forward }) => forward());
    return held.pull(transfer, signal);
  }
});

async function* oneBy(bytes: Buffer): AsyncGenerator<Buffer> {
  for (let start = 0; start < bytes.length; start += 7 * KIBIBYTE) {
    yield bytes.subarray(start, start + 7 * KIBIBYTE);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
