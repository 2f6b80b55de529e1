import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '#testing';
import { rangeOf, stopAfter } from '../__fixtures__/misbehave.js';
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
import { Workbench, randomArtifact } from '../__fixtures__/workbench.js';
import type { BlobTransfer } from './blob-transfer.js';

const KIBIBYTE = 1024;

let bench: Workbench;

beforeAll(async () => {
  bench = await Workbench.start();
});
afterAll(() => bench.stop());

describe('parallel ranges', () => {
  it('ask for the first alone and for the others side by side, each once', async () => {
    const held: (() => void)[] = [];
    let firstAnswered = false;
    let early = 0;
    const model = await publishBlob(bench, ({ forward }, count) => {
      if (count === 0) {
        setTimeout(() => {
          firstAnswered = true;
          forward();
        }, 50);
        return;
      }
      if (!firstAnswered) early += 1;
      held.push(forward);
      // Nobody is answered before as many wait as may be open at once.
      if (count >= 3) for (const go of held.splice(0)) go();
    });
    await model.pull();
    expect(await isWhole(model)).toBe(true);
    expect(early).toBe(0);
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
    const model = await publishBlob(bench, ({ forward }) => forward());
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

describe('a bad network', () => {
  it('that cuts the answer to every second range delays a pull and no more', async () => {
    const model = await publishBlob(bench, ({ request, response, forward }) => {
      const start = rangeOf(request)?.start ?? 0;
      if (start % (2 * SEGMENT) === SEGMENT) stopAfter(response, 20 * KIBIBYTE, () => response.destroy());
      forward();
    });
    await model.pull();
    expect(await isWhole(model)).toBe(true);
    // What had come of a range before the cut is not asked for again.
    const again = model.starts.filter((start) => start % SEGMENT !== 0);
    expect(sorted(again)).toEqual(
      STARTS.filter((_, index) => index % 2 === 1).map((start) => start + 20 * KIBIBYTE),
    );
  });

  it('with answers of 429, 500 and 503 in the middle is waited out', async () => {
    const model = await publishBlob(bench, ({ response, forward }, count) => {
      const status = [0, 429, 0, 500, 0, 503][count];
      if (status === undefined || status === 0) return forward();
      return void response.writeHead(status, { 'retry-after': '0' }).end();
    });
    await model.pull();
    expect(await isWhole(model)).toBe(true);
  });

  it('is given as long as Retry-After says', async () => {
    const asked: number[] = [];
    const model = await publishBlob(
      bench,
      ({ response, forward }, count) => {
        asked.push(performance.now());
        if (count > 0) return forward();
        return void response.writeHead(429, { 'retry-after': '1' }).end();
      },
      1000,
    );
    await model.pull();
    expect((asked[1] ?? 0) - (asked[0] ?? 0)).toBeGreaterThanOrEqual(990);
  });

  it('that says no is not asked again', async () => {
    for (const status of [400, 404, 410]) {
      const model = await publishBlob(bench, ({ response }) => void response.writeHead(status).end());
      await expect(model.pull()).rejects.toMatchObject({ failure: 'failed' });
      expect(model.starts).toEqual([0]);
    }
  });

  it('that falls silent is left for a new connection', async () => {
    const model = await publishBlob(bench, ({ response, forward }, count) => {
      if (count === 2) stopAfter(response, 10 * KIBIBYTE, () => undefined);
      forward();
    });
    await model.pull(smallSegments({ stallTimeout: 1_500 }));
    expect(await isWhole(model)).toBe(true);
    expect(model.starts).toHaveLength(17);
  });

  it('that stays silent ends the pull with a sentence', async () => {
    const model = await publishBlob(bench, ({ response }) => {
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
    const model = await publishBlob(bench, ({ response, forward }, count) => {
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
    expect(await isWhole(model)).toBe(true);
  });

  it('before it began does nothing', async () => {
    const model = await publishBlob(bench, ({ forward }) => forward());
    await expect(model.pull(smallSegments(), AbortSignal.abort(new Error('no')))).rejects.toThrow('no');
    expect(model.starts).toEqual([]);
  });

  it('stops waiting for leave to connect', async () => {
    const model = await publishBlob(bench, ({ response }) => void response.writeHead(206));
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
    const held = await publishBlob(bench, ({ forward }) => forward());
    return held.pull(transfer, signal);
  }
});

async function* oneBy(bytes: Buffer): AsyncGenerator<Buffer> {
  for (let start = 0; start < bytes.length; start += 7 * KIBIBYTE) {
    yield bytes.subarray(start, start + 7 * KIBIBYTE);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
