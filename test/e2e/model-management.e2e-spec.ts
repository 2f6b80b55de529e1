import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { type IncomingMessage, request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ProgressLine } from '#contracts';
import {
  eventually,
  fixtureModel,
  type OpenResponse,
  openRequest,
  publishModel,
  pullModelThrough,
  requestJson,
  SCRIPTS,
  streamChat,
  type RegistryGate,
  startRegistryGate,
} from '#testing';
import { useCluster } from './support/use-cluster.js';

const shared = useCluster({ gateways: 2, workers: 2, engine: 'llama-server' });

/** Pulls that two workers run at once. */
const PLACES = Array.from({ length: 16 }, (_, index) => `t${index}`);

interface Listed {
  readonly id: string;
  readonly tags?: readonly string[];
  readonly config: { readonly context_size?: number };
}

const url = (gateway = 0): string => shared.cluster.gateway(gateway).url;

/** Status and text of an answer. */
async function ask(
  path: string,
  options: { method?: string; body?: unknown } = {},
): Promise<[number, string]> {
  const response = await openRequest({ url: `${url()}${path}`, ...options });
  return [response.status, (await response.whole()).toString('utf8')];
}

async function inspect(name: string, gateway = 0): Promise<Listed> {
  const { status, json } = await requestJson({ url: `${url(gateway)}/models/${name}` });
  expect(status).toBe(200);
  return json as Listed;
}

const linesOf = (text: string): ProgressLine[] =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as ProgressLine);

/** Sends an archive. */
async function load(archive: Buffer): Promise<{ status: number; text: string; id: string }> {
  const client = httpRequest(`${url(1)}/models/load`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-tar' },
  });
  client.end(archive);
  const [response] = (await once(client, 'response')) as [IncomingMessage];
  let text = '';
  for await (const chunk of response) text += String(chunk);
  return { status: response.statusCode ?? 0, text, id: String(response.headers['x-longshore-model'] ?? '') };
}

async function diskUsage(): Promise<number> {
  const { json } = await requestJson({ url: `${url()}/engines/df` });
  expect(json).toMatchObject({ default_backend_disk_usage: 0 });
  return (json as { models_disk_usage: number }).models_disk_usage;
}

const blobs = async (): Promise<readonly string[]> => {
  const folders = shared.cluster.workers.map(({ modelsPath }) => join(modelsPath, 'blobs', 'sha256'));
  return (await Promise.all(folders.map((folder) => readdir(folder).catch(() => [])))).flat();
};

describe('a model that was pulled', () => {
  it('is tagged, pushed under the new name, deleted and pulled back as the same model', async () => {
    const { reference, id } = await shared.pulled('scripted');
    const copy = `${shared.registry.host}/copies/scripted`;
    const tagged = await ask(`/models/${id}/tag?repo=${copy}&tag=v2`, { method: 'POST' });
    expect(tagged).toEqual([
      201,
      JSON.stringify({ message: `Model tagged successfully with "${copy}:v2"`, target: `${copy}:v2` }),
    ]);
    expect(await inspect(`${copy}:v2`, 1)).toMatchObject({ id, tags: [`${copy}:v2`, reference].toSorted() });

    const [status, text] = await ask(`/models/${copy}:v2/push`, { method: 'POST' });
    expect(status).toBe(200);
    expect(linesOf(text).at(-1)).toMatchObject({
      type: 'success',
      message: 'Model pushed successfully',
      mode: 'push',
    });

    expect((await ask(`/models/${id}?force=true`, { method: 'DELETE' }))[0]).toBe(200);
    expect((await ask(`/models/${copy}:v2`))[0]).toBe(404);
    const remote = await inspect(`${copy}:v2?remote=true`);
    expect(remote).toMatchObject({ id, config: { format: 'gguf' } });
    expect(remote).not.toHaveProperty('tags');

    const pulled = await pullModelThrough(url(1), `${copy}:v2`);
    expect(pulled.lines.at(-1)).toMatchObject({ type: 'success' });
    expect(await inspect(`${copy}:v2`)).toMatchObject({ id, tags: [`${copy}:v2`] });
    const chat = await streamChat(url(), { model: `${copy}:v2`, prompt: SCRIPTS.say.prompt });
    expect(chat.text).toBe(SCRIPTS.say.text);
  });

  it('is exported, purged, loaded and tagged as the same model', async () => {
    const file = await fixtureModel('embedding');
    const { reference, id } = await publishModel({
      registry: shared.registry,
      name: 'archived/model:1',
      file,
    });
    await pullModelThrough(url(), reference);
    const exported = await openRequest({ url: `${url()}/models/${reference}/export` });
    expect(exported.status).toBe(200);
    expect(exported.headers).toMatchObject({
      'content-type': 'application/x-tar',
      'content-disposition': `attachment; filename="${reference}.tar"`,
    });
    const archive = await exported.whole();
    await eventually(diskUsage, (bytes) => bytes > 0);

    expect(await ask('/models/purge', { method: 'DELETE' })).toEqual([200, '']);
    expect(await ask('/models')).toEqual([200, '[]']);
    await eventually(blobs, (left) => left.length === 0, { what: 'the stores to be empty' });

    const loaded = await load(archive);
    expect(loaded).toMatchObject({ status: 200, id });
    expect(linesOf(loaded.text)).toMatchObject([{ type: 'success', message: 'Model loaded successfully' }]);
    expect(await inspect(id.slice(7, 19))).not.toHaveProperty('tags');
    const tagged = await ask(`/models/${id}/tag?repo=docker.io/ai/back&tag=latest`, { method: 'POST' });
    expect(tagged[0]).toBe(201);
    expect(await inspect('back', 1)).toMatchObject({ id, tags: ['docker.io/ai/back:latest'] });
    const again = await openRequest({ url: `${url()}/models/back/export` });
    expect((await again.whole()).equals(archive)).toBe(true);
  });

  it('is repackaged into another that shares its blobs', async () => {
    const file = await fixtureModel('random');
    const { reference, id } = await publishModel({
      registry: shared.registry,
      name: 'large/context:1',
      file,
    });
    await pullModelThrough(url(), reference);
    const before = await blobs();
    const body = { target: 'org/small:1', context_size: 256 };
    const [status, text] = await ask(`/models/${reference}/repackage`, { method: 'POST', body });
    expect([status, JSON.parse(text)]).toEqual([
      201,
      { message: 'Model repackaged successfully as "org/small:1"', source: reference, target: 'org/small:1' },
    ]);
    const small = await inspect('org/small:1', 1);
    expect(small).toMatchObject({ tags: ['docker.io/org/small:1'], config: { context_size: 256 } });
    expect(small.id).not.toBe(id);
    expect((await inspect(reference)).id).toBe(id);
    // One more blob: the config document.
    expect(await blobs()).toHaveLength(before.length + 1);
  });

  it('cannot be exported or loaded when it is not there or no archive', async () => {
    expect(await ask('/models/nobody/export')).toEqual([404, 'model not found: nobody\n']);
    const broken = await load(Buffer.from('this is no archive'));
    expect(broken.status).toBe(500);
    expect(broken.text).toMatch(/\S+ \S+.*\n$/);
    expect(broken.text).not.toMatch(/fault in Longshore|undefined/);
  });
});

describe('a pull', () => {
  let gate: RegistryGate;
  beforeAll(async () => (gate = await startRegistryGate(shared.registry.host)));
  afterAll(() => gate.close());

  beforeAll(async () => {
    const file = await fixtureModel('embedding');
    for (const tag of [...PLACES, 'late'])
      await publishModel({ registry: shared.registry, name: `queued/model:${tag}`, file });
  });

  const begin = (tag: string, gateway = 0): Promise<OpenResponse> =>
    openRequest({
      url: `${url(gateway)}/models/create`,
      body: { from: `${gate.host}/queued/model:${tag}` },
    });
  const cancel = (tag: string): Promise<[number, string]> =>
    ask(`/models/create?from=${gate.host}/queued/model:${tag}`, { method: 'DELETE' });
  const messages = (pull: OpenResponse): readonly string[] =>
    linesOf(pull.received().toString('utf8')).map(({ message }) => message);

  it('that is cancelled ends for everybody who follows it, running or waiting, and can be begun again', async () => {
    await ask('/models/purge', { method: 'DELETE' });
    await eventually(blobs, (left) => left.length === 0, { what: 'the stores to be empty' });
    const running = await Promise.all(PLACES.map((tag) => begin(tag)));
    const waiting = await begin('late');
    await eventually(
      () => messages(waiting),
      (said) => said.includes('Waiting for a worker'),
    );
    const [first] = running;
    const follower = await begin('t0', 1);
    expect(await cancel('late')).toEqual([200, '']);
    expect(await cancel('t0')).toEqual([200, '']);
    for (const pull of [waiting, first, follower]) {
      expect(pull?.status).toBe(200);
      const lines = linesOf(((await pull?.whole()) ?? '').toString());
      expect(lines.at(-1)).toMatchObject({ type: 'error', message: 'Error: the pull was cancelled' });
    }
    expect((await cancel('t0'))[0]).toBe(404);
    const again = await begin('t0', 1);
    gate.open();
    for (const pull of [...running.slice(1), again])
      expect(linesOf((await pull.whole()).toString()).at(-1)).toMatchObject({ type: 'success' });
  });
});

describe('a model whose only worker is gone', () => {
  it('is still known, its files are missed in a sentence, and are there again when the worker is', async () => {
    const file = await fixtureModel('random');
    const model = { registry: shared.registry, name: 'lonely/model:1', file };
    await ask('/models/purge', { method: 'DELETE' });
    const manifestsOf = ({ modelsPath }: { readonly modelsPath: string }) =>
      readdir(join(modelsPath, 'manifests', 'sha256'));
    await eventually(
      async () => (await Promise.all(shared.cluster.workers.map(manifestsOf))).flat().length === 0,
    );
    const { reference, id } = await publishModel(model);
    await pullModelThrough(url(), reference);
    const manifest = id.replace('sha256:', '');
    const has = await Promise.all(
      shared.cluster.workers.map(async (worker) => (await manifestsOf(worker)).includes(manifest)),
    );
    const holder = shared.cluster.worker(has.indexOf(true));
    await holder.kill();
    const missing = `No live worker has the files of ${reference}; pull it again.\n`;
    await eventually(
      () => ask(`/models/${reference}/export`),
      ([status, text]) => status === 500 && text === missing,
    );
    expect(await inspect(reference)).toMatchObject({ id });
    await shared.cluster.restartWorker(holder.name);
    await eventually(
      () => ask(`/models/${reference}/export`),
      ([status]) => status === 200,
    );
  });
});
