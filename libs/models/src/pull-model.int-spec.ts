import { createHash } from 'node:crypto';
import { open, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { validateSync } from 'class-validator';
import { plainToInstance } from 'class-transformer';
import { CatalogueModel, type ProgressLine } from '#contracts';
import { eventually } from '#testing';
import { smallGguf } from './__fixtures__/gguf-bytes.js';
import { handMadeArtifact } from './__fixtures__/hand-made-artifact.js';
import { Workbench, randomArtifact } from './__fixtures__/workbench.js';
import { DOCKER_CONFIG_V02, FILE_PATH_ANNOTATION, MODELPACK_CONFIG } from './formats/media-types.js';
import { packageGguf } from './package/package-gguf.js';
import { pullMessage } from './pull-message.js';
import type { ModelStore } from './store/model-store.js';
import { toCatalogueModel } from './store/stored-model.js';

const MEGABYTE = 1024 * 1024;
let bench: Workbench;

beforeAll(async () => {
  bench = await Workbench.start();
});
afterAll(() => bench.stop());

/** What a store holds on disk. */
async function contents(
  store: ModelStore,
): Promise<{ blobs: string[]; partial: string[]; manifests: string[] }> {
  const read = (folder: string): Promise<string[]> => readdir(join(store.directory, folder));
  return {
    blobs: await read('blobs/sha256'),
    partial: await read('partial'),
    manifests: await read('manifests/sha256'),
  };
}

const NOTHING = { blobs: [], partial: [], manifests: [] };

describe('a pull', () => {
  it('brings a packaged GGUF file from our push into the store, byte for byte', async () => {
    const folder = await bench.folder();
    const files = {
      weights: join(folder, 'w.gguf'),
      template: join(folder, 't.jinja'),
      license: join(folder, 'LICENSE'),
    };
    await writeFile(files.weights, smallGguf());
    await writeFile(files.template, '{{ other }}');
    await writeFile(files.license, 'free');
    const created = new Date('2025-03-24T11:49:41Z');
    const parts = { file: files.weights, chatTemplate: files.template, license: files.license, created };
    const artifact = await packageGguf(parts);
    expect((await packageGguf(parts)).id).toBe(artifact.id);
    await bench.push(artifact, 'org/small:Q4');

    const store = await bench.store();
    const lines: ProgressLine[] = [];
    const pulled = await bench.pull(store, 'org/small:Q4', { onProgress: (line) => lines.push(line) });
    const { model } = pulled;
    expect(model).toMatchObject({
      id: artifact.id,
      tags: [`${bench.registry.host}/org/small:Q4`],
      created: 1742816981,
      origin: `${bench.registry.host}/org/small@${artifact.id}`,
      config: {
        format: 'gguf',
        parameters: '1.50 M',
        size: '2.00 MiB',
        quantization: 'Q4_K_M',
        context_size: 8192,
      },
    });
    expect(pullMessage(pulled)).toBe('Model pulled successfully');
    expect(validateSync(plainToInstance(CatalogueModel, toCatalogueModel(model)))).toEqual([]);

    const { weights, chatTemplate, ...rest } = await store.files(model.id);
    expect((await readFile(weights)).equals(smallGguf())).toBe(true);
    expect(await readFile(chatTemplate ?? '', 'utf8')).toBe('{{ other }}');
    expect(rest).toEqual({ format: 'gguf', directory: join(weights, '..') });

    expect(new Set(lines.map((line) => line.total))).toEqual(new Set([model.size]));
    for (const layer of model.manifest.layers) {
      const own = lines.filter((line) => line.layer.id === layer.digest);
      expect(own.at(-1)?.layer).toEqual({ id: layer.digest, size: layer.size, current: layer.size });
    }
  });

  it('uses what is there, gives the new name, and says so', async () => {
    const artifact = randomArtifact(MEGABYTE);
    await bench.push(artifact, 'org/cached:one');
    await bench.push(artifact, 'org/cached:two');
    const store = await bench.store();
    await bench.pull(store, 'org/cached:one');
    const front = await bench.front();
    const lines: ProgressLine[] = [];
    const again = await bench.pull(store, 'org/cached:two', {
      host: front.host,
      onProgress: (line) => lines.push(line),
    });

    expect(again.cached).toBe(true);
    expect(pullMessage(again)).toBe('Using cached model: 256.35 MiB');
    expect(again.model.tags).toEqual([
      `${bench.registry.host}/org/cached:one`,
      `${front.host}/org/cached:two`,
    ]);
    expect(lines).toEqual([]);
    expect(front.log).toEqual(['GET /v2/org/cached/manifests/two']);
  });

  it('fetches again what a damaged disk has lost', async () => {
    const artifact = randomArtifact(1000, 2000);
    await bench.push(artifact, 'org/lost:1');
    const store = await bench.store();
    await bench.pull(store, 'org/lost:1');
    const [, lost = ''] = artifact.blobs.map((blob) => blob.descriptor.digest.slice(7));
    await rm(join(store.directory, 'blobs/sha256', lost));
    const again = await bench.pull(store, 'org/lost:1');
    expect(again.cached).toBe(false);
    expect((await contents(store)).blobs).toHaveLength(3);
  });

  it('pulls by digest and keeps the digest reference as a name', async () => {
    const artifact = randomArtifact(1000);
    await bench.push(artifact, 'org/pinned:latest');
    const store = await bench.store();
    const { model } = await bench.pull(store, `org/pinned@${artifact.id}`);
    expect(model.tags).toEqual([`${bench.registry.host}/org/pinned@${artifact.id}`]);
    expect((await store.findByReference(model.tags[0] ?? ''))?.id).toBe(artifact.id);
  });

  it('shows what a ModelPack document leaves out from the weights', async () => {
    const artifact = handMadeArtifact({
      configType: MODELPACK_CONFIG,
      config: {
        config: { paramSize: '1.5M' },
        modelfs: {},
        descriptor: { createdAt: '2025-03-24T11:49:41Z' },
      },
      layers: [{ content: smallGguf(), annotations: { [FILE_PATH_ANNOTATION]: 'weights/small.gguf' } }],
    });
    await bench.push(artifact, 'org/pack:1');
    const store = await bench.store();
    const { model } = await bench.pull(store, 'org/pack:1');
    expect(model).toMatchObject({
      created: 1742816981,
      config: { format: 'gguf', parameters: '1.5M', context_size: 8192, quantization: 'Q4_K_M' },
    });
    expect((await store.files(model.id)).weights).toMatch(/weights\/small\.gguf$/);
  });
});

describe('a pull when nobody can be asked', () => {
  it('uses what was pulled by this name before, and warns', async () => {
    await bench.push(randomArtifact(1000), 'org/offline:1');
    const front = await bench.front();
    const store = await bench.store();
    const first = await bench.pull(store, 'org/offline:1', { host: front.host });
    await front.close();
    const lines: ProgressLine[] = [];
    const again = await bench.pull(store, 'org/offline:1', {
      host: front.host,
      onProgress: (line) => lines.push(line),
    });
    expect(again).toMatchObject({ cached: true, model: { id: first.model.id } });
    expect(again.warning).toMatch(
      /^Using the copy of ".*org\/offline:1" that was pulled before\. .*ECONNREFUSED/,
    );
    expect(lines).toEqual([
      { type: 'warning', message: again.warning, total: 0, layer: { size: 0, current: 0 }, mode: 'pull' },
    ]);
    expect(pullMessage(again)).toBe('Using cached model: 256.35 MiB');
  });

  it('also uses it when the registry only answers that it is broken, and asks less often', async () => {
    await bench.push(randomArtifact(1000), 'org/down:1');
    let down = false;
    const front = await bench.front(({ response, forward }) =>
      down ? void response.writeHead(502).end() : forward(),
    );
    const store = await bench.store();
    await bench.pull(store, 'org/down:1', { host: front.host });
    down = true;
    front.log.length = 0;
    expect((await bench.pull(store, 'org/down:1', { host: front.host })).cached).toBe(true);
    expect(front.log).toHaveLength(2);
  });

  it('does not use what is damaged, or what the registry says is gone or not ours', async () => {
    await bench.push(randomArtifact(1000), 'org/gone:1');
    let status = 0;
    const front = await bench.front(({ response, forward }) =>
      status === 0 ? forward() : void response.writeHead(status).end(),
    );
    const store = await bench.store();
    const { model } = await bench.pull(store, 'org/gone:1', { host: front.host });
    for (const [next, failure] of [
      [404, 'not-found'],
      [403, 'unauthorized'],
    ] as const) {
      status = next;
      await expect(bench.pull(store, 'org/gone:1', { host: front.host })).rejects.toMatchObject({ failure });
    }
    const [layer] = model.manifest.layers;
    await rm(join(store.directory, 'blobs/sha256', layer?.digest.slice(7) ?? ''), { force: true });
    await front.close();
    await expect(bench.pull(store, 'org/gone:1', { host: front.host })).rejects.toMatchObject({
      failure: 'failed',
      unreachable: true,
    });
  });
});

describe('a pull that cannot succeed', () => {
  it('says that a model or repository does not exist', async () => {
    await bench.push(randomArtifact(10), 'org/known:1');
    const store = await bench.store();
    for (const path of ['org/known:2', 'org/unknown:1', `org/known@sha256:${'0'.repeat(64)}`]) {
      await expect(bench.pull(store, path)).rejects.toMatchObject({
        failure: 'not-found',
        message: 'Model not found',
      });
    }
    expect(await contents(store)).toEqual(NOTHING);
  });

  it('refuses what is not a model before it downloads a byte', async () => {
    const config = 'application/vnd.oci.image.config.v1+json';
    await bench.push(
      handMadeArtifact({ configType: config, layers: [{ content: Buffer.from('x') }] }),
      'org/image:1',
    );
    const traversal = { [FILE_PATH_ANNOTATION]: '../../../escaped.gguf' };
    await bench.push(
      handMadeArtifact({
        configType: DOCKER_CONFIG_V02,
        layers: [{ content: Buffer.from('x'), annotations: traversal }],
      }),
      'org/traversal:1',
    );
    const front = await bench.front();
    const store = await bench.store();
    await expect(bench.pull(store, 'org/image:1', { host: front.host })).rejects.toMatchObject({
      failure: 'unsupported',
      message: expect.stringContaining(`its config type "${config}"`),
    });
    await expect(bench.pull(store, 'org/traversal:1', { host: front.host })).rejects.toMatchObject({
      failure: 'unsupported',
      message: expect.stringContaining('"../../../escaped.gguf" is not a plain relative path'),
    });
    expect(front.log.filter((line) => line.includes('/blobs/'))).toEqual([]);
    expect(await contents(store)).toEqual(NOTHING);
  });

  it('stores nothing of a blob whose bytes are wrong in the registry', async () => {
    const artifact = randomArtifact(2 * MEGABYTE);
    await bench.push(artifact, 'org/damaged:1');
    const digest = artifact.blobs[1]?.descriptor.digest ?? '';
    const digits = digest.slice(7);
    const path = join(
      bench.registry.storageDirectory,
      'docker/registry/v2/blobs/sha256',
      digits.slice(0, 2),
      digits,
      'data',
    );
    const file = await open(path, 'r+');
    await file.write(Buffer.from('damage'), 0, 6, MEGABYTE);
    await file.close();

    const store = await bench.store();
    await expect(bench.pull(store, 'org/damaged:1')).rejects.toMatchObject({
      failure: 'failed',
      message: `A part of the model arrived damaged: its digest is not ${digest}.`,
    });
    const { blobs, ...rest } = await contents(store);
    expect(rest).toEqual({ partial: [], manifests: [] });
    expect(blobs).not.toContain(digits);
    expect(await store.list()).toEqual([]);
  });

  it('gives up on a blob longer than its manifest says', async () => {
    const artifact = randomArtifact(1000);
    await bench.push(artifact, 'org/longer:1');
    const front = await bench.front(({ request, response, forward }) => {
      if (!request.url?.includes(artifact.blobs[1]?.descriptor.digest ?? '-')) return forward();
      response.end(Buffer.alloc(100_000));
    });
    const store = await bench.store();
    await expect(bench.pull(store, 'org/longer:1', { host: front.host })).rejects.toThrow(
      'longer than its manifest says',
    );
    expect((await contents(store)).partial).toEqual([]);
  });

  it('says so when the registry dies in the middle, and succeeds when it is asked again', async () => {
    const mortal = await Workbench.start();
    try {
      const artifact = randomArtifact(40 * MEGABYTE);
      await mortal.push(artifact, 'org/mortal:1');
      await bench.push(artifact, 'org/mortal:1');
      const store = await bench.store();
      let killed: Promise<void> | undefined;
      const pull = bench.pull(store, 'org/mortal:1', {
        host: mortal.registry.host,
        onProgress: () => {
          killed ??= mortal.registry.kill();
        },
      });
      await expect(pull).rejects.toMatchObject({
        failure: 'failed',
        message: expect.stringContaining(
          `${mortal.registry.host} could not be reached (nothing listens there, ECONNREFUSED)`,
        ),
      });
      await killed;
      expect(await contents(store)).toMatchObject({ partial: [], manifests: [] });
      expect((await bench.pull(store, 'org/mortal:1')).model.id).toBe(artifact.id);
    } finally {
      await mortal.stop();
    }
  }, 30_000);

  it('stops when it is aborted, keeps finished blobs and leaves nothing half done', async () => {
    const artifact = randomArtifact(1000, 30 * MEGABYTE);
    const big = artifact.blobs[2]?.descriptor.digest ?? '';
    await bench.push(artifact, 'org/aborted:1');
    const stalling = await bench.front(({ request, response, forward }) => {
      if (!request.url?.endsWith(big)) return forward();
      response.writeHead(200, { 'content-length': String(30 * MEGABYTE) });
      return response.write(Buffer.alloc(MEGABYTE));
    });
    const abort = new AbortController();
    const store = await bench.store();
    const reason = new Error('the caller has gone');
    const pull = bench.pull(store, 'org/aborted:1', { host: stalling.host, signal: abort.signal });
    const outcome = pull.catch((error: unknown) => error);
    await eventually(
      () => contents(store),
      ({ blobs, partial }) => blobs.length === 2 && partial.length === 1,
    );
    abort.abort(reason);
    expect(await outcome).toBe(reason);
    const small = artifact.blobs.slice(0, 2).map((blob) => blob.descriptor.digest.slice(7));
    const left = await contents(store);
    expect(left).toMatchObject({ partial: [], manifests: [] });
    expect([...left.blobs].sort()).toEqual([...small].sort());

    const front = await bench.front();
    await bench.pull(store, 'org/aborted:1', { host: front.host });
    expect(front.log.filter((line) => line.includes('/blobs/'))).toEqual([
      `GET /v2/org/aborted/blobs/${big}`,
    ]);
  });
});

describe('a pull over a bad network', () => {
  it('goes on from where the connection broke', async () => {
    const artifact = randomArtifact(6 * MEGABYTE);
    await bench.push(artifact, 'org/broken:1');
    const digest = artifact.blobs[1]?.descriptor.digest ?? '';
    const ranges: (string | undefined)[] = [];
    const front = await bench.front(({ request, response, forward }) => {
      if (!request.url?.endsWith(digest)) return forward();
      ranges.push(request.headers.range);
      let sent = 0;
      const write = response.write.bind(response) as (chunk: Buffer) => boolean;
      response.write = ((chunk: Buffer) => {
        sent += chunk.length;
        const more = write(chunk);
        if (ranges.length <= 2 && sent > 2 * MEGABYTE) response.destroy();
        return more;
      }) as typeof response.write;
      forward();
    });
    const store = await bench.store();
    const { model } = await bench.pull(store, 'org/broken:1', { host: front.host });
    expect(model.id).toBe(artifact.id);
    expect(ranges).toEqual([
      undefined,
      expect.stringMatching(/^bytes=[1-9]\d+-6291455$/),
      expect.stringMatching(/^bytes=[1-9]\d+-6291455$/),
    ]);
  });

  it('gets the right bytes from a server that ignores ranges', async () => {
    const content = Buffer.alloc(3 * MEGABYTE, 'longshore');
    const artifact = handMadeArtifact({ layers: [{ content }] });
    await bench.push(artifact, 'org/rangeless:1');
    const digest = artifact.blobs[1]?.descriptor.digest ?? '';
    const front = await bench.front(({ request, response, earlier, forward }) => {
      if (!request.url?.endsWith(digest)) return forward();
      response.writeHead(200, { 'content-length': String(content.length) });
      if (earlier > 0) return response.end(content);
      return response.write(content.subarray(0, MEGABYTE), () => response.destroy());
    });
    const store = await bench.store();
    const { model } = await bench.pull(store, 'org/rangeless:1', { host: front.host });
    const bytes = await readFile((await store.files(model.id)).weights);
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(digest.slice(7));
  });

  it('tries again after 503 and 429, and not for ever', async () => {
    const artifact = randomArtifact(1000);
    await bench.push(artifact, 'org/busy:1');
    const front = await bench.front(({ response, earlier, forward }) => {
      if (earlier > 1) return forward();
      return response.writeHead(earlier === 0 ? 503 : 429, { 'retry-after': '0' }).end();
    });
    const store = await bench.store();
    expect((await bench.pull(store, 'org/busy:1', { host: front.host })).model.id).toBe(artifact.id);

    const down = await bench.front(({ response }) => void response.writeHead(502).end());
    await expect(bench.pull(await bench.store(), 'org/busy:1', { host: down.host })).rejects.toMatchObject({
      failure: 'failed',
      message: expect.stringContaining('answered 502'),
    });
    expect(down.log).toHaveLength(3);
  });
});
