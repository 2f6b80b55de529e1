import { readFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { HubFixture, HubFixtureExchange } from '#testing';
import { HubBench } from './__fixtures__/hub-bench.js';
import { ggufFile } from './__fixtures__/model-files.js';

const NAME = 'Org/Tiny_Model-GGUF';
const REFERENCE = 'hf.co/org/tiny_model-gguf';
const MEMBER = 'hf_member';

let bench: HubBench;
beforeEach(() => {
  bench = new HubBench();
});
afterEach(() => bench.stop());

const downloads = (hub: HubFixture) => hub.log.filter(({ where }) => where === 'storage');

describe('a Hub in trouble', () => {
  const weights = ggufFile();
  const files = { LICENSE: 'Do what you like.', 'm-Q4_K_M.gguf': weights };

  async function pullThrough(intercept: (exchange: HubFixtureExchange) => boolean) {
    const hub = await bench.hub({ intercept });
    hub.push({ name: NAME, files });
    const store = await bench.store();
    const { model } = await bench.pull(store, bench.source(hub), REFERENCE);
    return { hub, received: await readFile((await store.files(model.id)).weights) };
  }

  it('that has had too many requests is asked again when it says', async () => {
    const times: number[] = [];
    const { received } = await pullThrough(({ path, earlier, response }) => {
      if (!path.includes('/tree/')) return false;
      times.push(performance.now());
      if (earlier > 0) return false;
      response.writeHead(429, { 'retry-after': '1' }).end();
      return true;
    });
    expect(received).toEqual(weights);
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThan(900);
  });

  it.each(['/revision/', '/tree/', '/resolve/'])('that fails at %s once is asked again', async (part) => {
    const { received } = await pullThrough(({ path, earlier, response }) => {
      if (!path.includes(part) || earlier > 0) return false;
      response.writeHead(503).end();
      return true;
    });
    expect(received).toEqual(weights);
  });

  it('that goes on failing is given up with a sentence', async () => {
    const hub = await bench.hub({ intercept: ({ response }) => (response.writeHead(500).end(), true) });
    await expect(bench.resolve(hub, REFERENCE)).rejects.toMatchObject({
      failure: 'failed',
      message: expect.stringMatching(/^Hugging Face failed: 127\.0\.0\.1:\d+ answered 500\.$/),
    });
    expect(hub.log).toHaveLength(3);
  });

  it('that answers with a page for people is given up with a sentence', async () => {
    const hub = await bench.hub({ intercept: ({ response }) => (response.end('<html>'), true) });
    await expect(bench.resolve(hub, REFERENCE)).rejects.toThrow('answers with something that is not JSON');
  });

  it('whose storage cuts connections is read on from where they broke', async () => {
    const { hub, received } = await pullThrough(({ where, earlier, request, response }) => {
      const [, first] = /^bytes=(\d+)-/.exec(request.headers.range ?? '') ?? [];
      if (where === 'hub' || first === undefined || earlier % 2 === 0) return false;
      const part = weights.subarray(Number(first), Number(first) + 10_000);
      const total = Math.min(weights.length, Number(first) + 64 * 1024);
      response.writeHead(206, { 'content-range': `bytes ${first}-${total - 1}/${weights.length}` });
      response.write(part, () => response.destroy());
      return true;
    });
    expect(received).toEqual(weights);
    expect(downloads(hub).length).toBeGreaterThan(5);
  });

  it('is asked where a file lies once, and again when the link has expired', async () => {
    const { hub, received } = await pullThrough(({ where, earlier, response }) => {
      if (where === 'hub' || earlier !== 2) return false;
      response.writeHead(403).end();
      return true;
    });
    expect(received).toEqual(weights);
    expect(downloads(hub).length).toBeGreaterThan(4);
    const asked = hub.log.filter(({ where, path }) => where === 'hub' && path.endsWith('.gguf'));
    expect(asked).toHaveLength(2);
  });

  it('whose storage ignores ranges is read all the same', async () => {
    const { received } = await pullThrough(({ where, request }) => {
      if (where === 'storage') delete request.headers.range;
      return false;
    });
    expect(received).toEqual(weights);
  });

  it('that sends other bytes than it lists is not believed, and nothing stays', async () => {
    const other = Buffer.from(weights);
    other[other.length - 1] = (other.at(-1) ?? 0) ^ 1;
    const hub = await bench.hub({
      intercept: ({ where, response, request }) => {
        if (where === 'hub') return false;
        const [, first = 0, last = 0] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? [];
        const part = other.subarray(Number(first), Number(last) + 1);
        const end = Number(first) + part.length - 1;
        response.writeHead(206, { 'content-range': `bytes ${first}-${end}/${other.length}` }).end(part);
        return true;
      },
    });
    hub.push({ name: NAME, files });
    const store = await bench.store();
    await expect(bench.pull(store, bench.source(hub), REFERENCE)).rejects.toThrow('arrived damaged');
    expect(await store.list()).toEqual([]);
  });

  it('that has a file of another size than it lists is not believed', async () => {
    const hub = await bench.hub({
      intercept: ({ where, response }) => {
        if (where === 'hub') return false;
        response.writeHead(206, { 'content-range': `bytes 0-9/10` }).end(weights.subarray(0, 10));
        return true;
      },
    });
    hub.push({ name: NAME, files });
    await expect(bench.resolve(hub, REFERENCE)).rejects.toMatchObject({
      failure: 'failed',
      message: expect.stringContaining(
        `has 10 bytes of m-Q4_K_M.gguf, which has ${weights.length} bytes by the list`,
      ),
    });
  });

  it('that sends a damaged small file is asked again, and then not believed', async () => {
    const hub = await bench.hub({
      intercept: ({ path, response }) => {
        if (!path.endsWith('/LICENSE')) return false;
        response.end('Do what you hate.');
        return true;
      },
    });
    hub.push({ name: NAME, files });
    await expect(bench.resolve(hub, REFERENCE)).rejects.toThrow(
      'LICENSE of Org/Tiny_Model-GGUF arrived damaged',
    );
    expect(hub.log.filter(({ path }) => path.endsWith('/LICENSE'))).toHaveLength(3);
  });

  it('that redirects a renamed repository is followed with the token', async () => {
    const hub = await bench.hub({
      members: [MEMBER],
      intercept: ({ path, response }) => {
        if (!path.startsWith('/api/models/org/old/')) return false;
        response.writeHead(307, { location: path.replace('org/old', 'Org/Tiny_Model-GGUF') }).end();
        return true;
      },
    });
    hub.push({ name: NAME, files, hidden: true });
    const { origin } = await bench.resolve(hub, 'hf.co/org/old', { bearerToken: MEMBER });
    expect(origin).toMatch(/^huggingface\.co\/org\/old:latest@/);
  });

  it('that redirects in circles is given up', async () => {
    const hub = await bench.hub({
      intercept: ({ path, response }) => (response.writeHead(302, { location: path }).end(), true),
    });
    await expect(bench.resolve(hub, REFERENCE)).rejects.toThrow('redirects in circles');
  });

  it('is not asked for what has arrived when a pull was given up and begins again', async () => {
    const stop = new AbortController();
    const hub = await bench.hub({
      intercept: ({ where, request }) => {
        if (where === 'storage' && request.headers.range?.startsWith('bytes=196608-') === true) stop.abort();
        return false;
      },
    });
    hub.push({ name: NAME, files });
    const [store, source] = [await bench.store(), bench.source(hub)];
    await expect(bench.pull(store, source, REFERENCE, { signal: stop.signal })).rejects.toThrow('aborted');
    const before = downloads(hub).length;
    await bench.pull(store, source, REFERENCE);
    const ranges = downloads(hub)
      .slice(before)
      .map(({ range }) => range);
    expect(ranges).not.toContain('bytes=0-65535');
    expect(ranges).toContain('bytes=196608-262143');
  });
});

describe('the endpoint', () => {
  it.each(['huggingface.co', 'ftp://mirror.example', ''])('must be a URL: %j is not', (endpoint) => {
    expect(() => bench.source({ endpoint })).toThrow('must be a URL with http or https');
  });

  it('that nobody answers at is named', async () => {
    await expect(bench.resolve({ endpoint: 'http://127.0.0.1:9' }, REFERENCE)).rejects.toMatchObject({
      failure: 'failed',
      message: expect.stringContaining('127.0.0.1:9'),
      unreachable: true,
    });
  });
});
