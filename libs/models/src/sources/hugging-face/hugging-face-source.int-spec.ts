import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { HubFixture, HubFixtureExchange } from '#testing';
import { HubBench } from './__fixtures__/hub-bench.js';
import { ggufFile, safetensorsFile } from './__fixtures__/model-files.js';

const NAME = 'Org/Tiny_Model-GGUF';
const REFERENCE = 'hf.co/org/tiny_model-gguf';
const MEMBER = 'hf_member';
const STRANGER = 'hf_stranger';

let bench: HubBench;
beforeEach(() => {
  bench = new HubBench();
});
afterEach(() => bench.stop());

const json = (value: unknown): string => JSON.stringify(value);
const downloads = (hub: HubFixture) => hub.log.filter(({ where }) => where === 'storage');

describe('a GGUF repository', () => {
  const files = {
    '.gitattributes': '*.gguf filter=lfs',
    'README.md': '# Tiny',
    LICENSE: 'Do what you like.',
    'chat_template.jinja': '{{ messages }}',
    'Tiny-Q4_K_M.gguf': ggufFile(),
    'Tiny-Q8_0.gguf': ggufFile({ fileType: 7 }),
    'mmproj-F16.gguf': ggufFile({ fileType: 1 }),
  };

  it('becomes a model with weights, projector, template and licence', async () => {
    const hub = await bench.hub();
    const commit = hub.push({ name: NAME, files, lastModified: '2026-03-04T05:06:07.000Z' });
    const store = await bench.store();
    const { model } = await bench.pull(store, bench.source(hub), `${REFERENCE}:Q8_0`);
    expect(model).toMatchObject({
      tags: ['huggingface.co/org/tiny_model-gguf:Q8_0'],
      origin: `huggingface.co/org/tiny_model-gguf:Q8_0@${commit}`,
      created: Date.parse('2026-03-04T05:06:07Z') / 1000,
      config: { format: 'gguf', quantization: 'Q8_0', architecture: 'llama', context_size: 8192 },
    });
    const placed = await store.files(model.id);
    expect(await readFile(placed.weights)).toEqual(files['Tiny-Q8_0.gguf']);
    expect(await readFile(placed.projector ?? '')).toEqual(files['mmproj-F16.gguf']);
    expect(await readFile(placed.chatTemplate ?? '', 'utf8')).toBe('{{ messages }}');
  });

  it('has the same id from every Hub, in every spelling and by its commit', async () => {
    const [first, second] = [await bench.hub(), await bench.hub({ prefix: '/mirror/hf', pageSize: 2 })];
    const commit = first.push({ name: NAME, files });
    second.push({ name: NAME, files });
    const ids = await Promise.all([
      bench.resolve(first, REFERENCE),
      bench.resolve(first, `HF.co/ORG/Tiny_Model-gguf:q4_k_m`),
      bench.resolve(first, `${REFERENCE}:Q4_K_M@${commit}`),
      bench.resolve(second, `huggingface.co/${NAME}:Tiny-Q4_K_M`),
    ]);
    expect(new Set(ids.map(({ digest }) => digest)).size).toBe(1);
  });

  it('is brought in again by its origin after it has moved on', async () => {
    const hub = await bench.hub();
    hub.push({ name: NAME, files });
    const before = await bench.resolve(hub, REFERENCE);
    hub.push({
      name: NAME,
      files: { ...files, 'Tiny-Q4_K_M.gguf': ggufFile() },
      lastModified: '2026-02-02T00:00:00Z',
    });
    const store = await bench.store();
    const { model } = await bench.pull(store, bench.source(hub), before.origin);
    expect(model).toMatchObject({ id: before.digest, tags: [before.origin] });
    expect((await bench.resolve(hub, REFERENCE)).digest).not.toBe(before.digest);
  });

  it('is all of one commit, also when it changes while it is pulled', async () => {
    const pushed: { again?: () => void } = {};
    const intercept = ({ path }: HubFixtureExchange): boolean => {
      if (path.includes('/tree/')) pushed.again?.();
      return false;
    };
    const hub = await bench.hub({ intercept });
    const commit = hub.push({ name: NAME, files });
    pushed.again = () => hub.push({ name: NAME, files: { ...files, 'Tiny-Q4_K_M.gguf': ggufFile() } });
    const store = await bench.store();
    const { model } = await bench.pull(store, bench.source(hub), REFERENCE);
    expect(await readFile((await store.files(model.id)).weights)).toEqual(files['Tiny-Q4_K_M.gguf']);
    const asked = hub.log.filter(({ where, path }) => where === 'hub' && !path.includes('/revision/main'));
    expect(asked.every(({ path }) => path.includes(commit))).toBe(true);
  });

  it('costs no download when it is here already', async () => {
    const hub = await bench.hub();
    hub.push({ name: NAME, files });
    const [store, source] = [await bench.store(), bench.source(hub)];
    await bench.pull(store, source, REFERENCE);
    const before = downloads(hub).length;
    expect(await bench.pull(store, source, REFERENCE)).toMatchObject({ cached: true });
    expect(downloads(hub)).toHaveLength(before);
  });

  it('is used as it is when the Hub cannot be reached, with a warning', async () => {
    const hub = await bench.hub();
    hub.push({ name: NAME, files });
    const [store, source] = [await bench.store(), bench.source(hub)];
    const { model } = await bench.pull(store, source, REFERENCE);
    await hub.close();
    const again = await bench.pull(store, source, REFERENCE);
    expect(again).toMatchObject({ cached: true, warning: expect.stringContaining('may be out of date') });
    expect(again.model.id).toBe(model.id);
  });

  it('lists what it has when it does not have what is asked for', async () => {
    const hub = await bench.hub();
    hub.push({ name: NAME, files });
    await expect(bench.resolve(hub, `${REFERENCE}:Q6_K`)).rejects.toMatchObject({
      failure: 'not-found',
      message: `Model not found: ${NAME} has no Q6_K. It has Q4_K_M, Q8_0.`,
    });
  });

  it('in shards is put together in their order, whatever order it is listed in', async () => {
    const shards = [0, 1, 2].map((number) => ggufFile({ shard: [number, 3] }));
    const hub = await bench.hub();
    hub.push({
      name: NAME,
      files: Object.fromEntries(
        shards.map((shard, index) => [`Q4_K_M/T-0000${index + 1}-of-00003.gguf`, shard]).toReversed(),
      ),
    });
    const store = await bench.store();
    const { model } = await bench.pull(store, bench.source(hub), `${REFERENCE}:Q4_K_M`);
    expect(model.config).toMatchObject({ parameters: '900.00 K' });
    const { weights, directory } = await store.files(model.id);
    expect(weights).toBe(join(directory, 'model-00001-of-00003.gguf'));
    for (const [index, shard] of shards.entries()) {
      expect(await readFile(join(directory, `model-0000${index + 1}-of-00003.gguf`))).toEqual(shard);
    }
  });

  it('is refused when a shard is not the one its name says', async () => {
    const hub = await bench.hub();
    const [first, second] = [ggufFile({ shard: [1, 2] }), ggufFile({ shard: [0, 2] })];
    hub.push({ name: NAME, files: { 'm-00001-of-00002.gguf': first, 'm-00002-of-00002.gguf': second } });
    await expect(bench.resolve(hub, REFERENCE)).rejects.toMatchObject({
      failure: 'unsupported',
      message: expect.stringContaining('the file that should be shard 1 of 2 is shard 2 of 2'),
    });
  });

  it('whose header is longer than one range is described by no more than its header', async () => {
    const hub = await bench.hub();
    const weights = ggufFile({ tokens: 200_000, size: 20_000_000 });
    hub.push({ name: NAME, files: { 'm-Q4_K_M.gguf': weights } });
    const { manifest } = await bench.resolve(hub, REFERENCE);
    expect(manifest.layers).toHaveLength(1);
    const ends = downloads(hub).map(({ range }) => Number(range?.split('-')[1]));
    expect(ends.length).toBeGreaterThan(1);
    expect(Math.max(...ends)).toBeLessThan(weights.length / 2);
  });

  it('that is no GGUF file is refused before it is downloaded', async () => {
    const hub = await bench.hub();
    hub.push({ name: NAME, files: { 'm-Q4_K_M.gguf': Buffer.alloc(5_000_000, 'x') } });
    await expect(bench.resolve(hub, REFERENCE)).rejects.toMatchObject({
      failure: 'unsupported',
      message: expect.stringContaining('the file is not a GGUF file'),
    });
    expect(downloads(hub)).toHaveLength(2);
  });

  it('cannot be named by a digest', async () => {
    const hub = await bench.hub();
    await expect(bench.resolve(hub, `${REFERENCE}@sha256:${'0'.repeat(64)}`)).rejects.toMatchObject({
      failure: 'invalid',
      message: expect.stringContaining('Name it org/tiny_model-gguf:QUANTIZATION@COMMIT'),
    });
  });
});

describe('a safetensors repository', () => {
  const shards = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'];
  const [first = '', second = ''] = shards;
  const files = {
    'config.json': json({ architectures: ['LlamaForCausalLM'], max_position_embeddings: 2048 }),
    'tokenizer.json': json({ version: '1.0' }),
    'chat_template.jinja': '{{ messages }}',
    'modeling.py': 'import os',
    'README.md': '# Tiny',
    [first]: safetensorsFile('a'),
    [second]: safetensorsFile('b'),
    'model.safetensors.index.json': json({ weight_map: { a: first, b: second } }),
    'consolidated.safetensors': safetensorsFile('a', 2000),
  };

  it('becomes a folder of its weights and what belongs to them', async () => {
    const hub = await bench.hub();
    hub.push({ name: 'Org/Tiny', files });
    const store = await bench.store();
    const { model } = await bench.pull(store, bench.source(hub), 'hf.co/org/tiny');
    expect(model.config).toMatchObject({
      format: 'safetensors',
      quantization: 'BF16',
      architecture: 'LlamaForCausalLM',
      parameters: '2.00 K',
      context_size: 2048,
    });
    const { directory, weights } = await store.files(model.id);
    expect(weights).toBe(join(directory, first));
    for (const path of [...shards, 'config.json', 'tokenizer.json', 'model.safetensors.index.json']) {
      expect(await readFile(join(directory, path))).toEqual(
        Buffer.from(files[path as keyof typeof files] ?? ''),
      );
    }
    for (const path of ['modeling.py', 'README.md', 'consolidated.safetensors']) {
      await expect(readFile(join(directory, path))).rejects.toThrow('ENOENT');
    }
  });

  it('has no quantizations to choose from', async () => {
    const hub = await bench.hub();
    hub.push({ name: 'Org/Tiny', files });
    await expect(bench.resolve(hub, 'hf.co/org/tiny:Q4_K_M')).rejects.toThrow('leave the tag out');
  });

  it('whose list of weights is no list is refused', async () => {
    const hub = await bench.hub();
    hub.push({ name: 'Org/Tiny', files: { ...files, 'model.safetensors.index.json': 'oops' } });
    await expect(bench.resolve(hub, 'hf.co/org/tiny')).rejects.toMatchObject({ failure: 'unsupported' });
  });

  it('with a path that leads out of the folder is refused', async () => {
    const hub = await bench.hub();
    const hostile = '../../outside.safetensors';
    const index = json({ weight_map: { a: hostile } });
    hub.push({
      name: 'Org/Tiny',
      files: { 'config.json': '{}', [hostile]: safetensorsFile('a'), 'model.safetensors.index.json': index },
    });
    await expect(bench.resolve(hub, 'hf.co/org/tiny')).rejects.toMatchObject({
      failure: 'unsupported',
      message: expect.stringContaining('is not a plain relative path'),
    });
  });
});

describe('access', () => {
  const files = { 'm-Q4_K_M.gguf': ggufFile() };
  const tokens = { members: [MEMBER], strangers: [STRANGER] };

  it.each([
    [
      'without a token',
      undefined,
      /is gated\. Accept its conditions at http:.*\/Org\/Tiny_Model-GGUF and send a token/,
    ],
    [
      'with a token of an account that has not asked',
      STRANGER,
      /the account of this token has no access\. Ask for it at/,
    ],
    ['with a token that is wrong', 'hf_wrong', /does not accept this token: it is wrong or has expired/],
  ])('to a gated repository is refused %s', async (_, bearerToken, message) => {
    const hub = await bench.hub(tokens);
    hub.push({ name: NAME, files, gated: true });
    const access = bearerToken === undefined ? {} : { bearerToken };
    await expect(bench.resolve(hub, REFERENCE, access)).rejects.toMatchObject({
      failure: 'unauthorized',
      message: expect.stringMatching(message),
    });
  });

  it("to a gated repository is granted by the caller's token, which storage never sees", async () => {
    const hub = await bench.hub(tokens);
    hub.push({ name: NAME, files, gated: true });
    const store = await bench.store();
    const { cached } = await bench.pull(store, bench.source(hub), REFERENCE, { bearerToken: MEMBER });
    expect(cached).toBe(false);
    // The fixture's storage refuses requests that carry a token.
    expect(downloads(hub).length).toBeGreaterThan(1);
  });

  it('to a gated repository is not granted because another caller had it', async () => {
    const hub = await bench.hub(tokens);
    hub.push({ name: NAME, files, gated: true });
    const [store, source] = [await bench.store(), bench.source(hub)];
    await bench.pull(store, source, REFERENCE, { bearerToken: MEMBER });
    await expect(bench.pull(store, source, REFERENCE)).rejects.toMatchObject({ failure: 'unauthorized' });
    const again = await bench.pull(store, source, REFERENCE, { bearerToken: MEMBER });
    expect(again.cached).toBe(true);
  });

  it("is granted by the operator's token to a caller without one, and not to a caller whose own is refused", async () => {
    const hub = await bench.hub(tokens);
    hub.push({ name: NAME, files, hidden: true });
    const operator = { token: MEMBER };
    await expect(bench.resolve(hub, REFERENCE, {}, operator)).resolves.toBeDefined();
    const refused = bench.resolve(hub, REFERENCE, { bearerToken: 'hf_wrong' }, operator);
    await expect(refused).rejects.toMatchObject({ failure: 'unauthorized' });
  });

  it.each([
    [undefined, 'there is no org/other on Hugging Face, or it is private and needs a token.'],
    [STRANGER, 'there is no org/other on Hugging Face that this token may see.'],
  ])(
    'to what does not exist or is private is answered alike, with token %j',
    async (bearerToken, sentence) => {
      const hub = await bench.hub(tokens);
      const access = bearerToken === undefined ? {} : { bearerToken };
      const expected = { failure: 'not-found', message: `Model not found: ${sentence}` };
      await expect(bench.resolve(hub, 'hf.co/org/other', access)).rejects.toMatchObject(expected);
      hub.push({ name: 'org/other', files, hidden: true });
      await expect(bench.resolve(hub, 'hf.co/org/other', access)).rejects.toMatchObject(expected);
    },
  );

  it('to a revision that does not exist says so', async () => {
    const hub = await bench.hub();
    hub.push({ name: NAME, files });
    await expect(bench.resolve(hub, `${REFERENCE}@v9`)).rejects.toThrow('has no such revision');
  });
});
