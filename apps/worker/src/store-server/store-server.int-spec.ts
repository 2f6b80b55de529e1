import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signStoreToken } from '#cluster';
import { type Artifact, digestOf } from '#models';
import {
  eventually,
  openRequest,
  type OpenResponse,
  type RegistryFixture,
  sendStubbornly,
  startRegistry,
  storeArtifact,
} from '#testing';
import { randomArtifact } from './__fixtures__/random-artifact.js';
import { type ServedStore, StoreBench } from './__fixtures__/store-bench.js';

const MEGABYTE = 1024 * 1024;
const bench = new StoreBench();
let registry: RegistryFixture;
let served: ServedStore;
let artifact: Artifact;
let weights: Artifact['blobs'][number];

beforeAll(async () => {
  registry = await startRegistry();
  served = await bench.serve();
  artifact = await storedIn(served, 3 * MEGABYTE);
  weights = blobOf(artifact);
});
afterAll(async () => {
  await bench.stop();
  await registry.stop();
});

async function storedIn({ store, library }: ServedStore, size: number): Promise<Artifact> {
  const made = randomArtifact(size);
  await storeArtifact(store, made);
  await library.synchronise();
  return made;
}

function blobOf({ blobs }: Artifact): Artifact['blobs'][number] {
  const [, blob] = blobs;
  if (blob === undefined) throw new Error('The artifact has no weights.');
  return blob;
}

interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly at?: ServedStore;
}

async function ask(path: string, { headers, at = served, ...rest }: Asked = {}): Promise<OpenResponse> {
  const authorization = await bench.access.authorization();
  return openRequest({ url: `${at.url}${path}`, headers: { authorization, ...headers }, ...rest });
}

async function json(response: OpenResponse): Promise<unknown> {
  return JSON.parse((await response.whole()).toString('utf8'));
}

/** A caller that sends a request and reads nothing of the answer. */
async function silentCaller(path: string, at: ServedStore): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port: Number(new URL(at.url).port) });
  await once(socket, 'connect');
  socket.pause();
  socket.on('error', () => undefined);
  const authorization = await bench.access.authorization();
  socket.write(`GET ${path} HTTP/1.1\r\nhost: x\r\nauthorization: ${authorization}\r\n\r\n`);
  return socket;
}

describe('a store server', () => {
  it('serves the manifest and the blobs of a model, whole and in ranges', async () => {
    const manifest = await ask(`/v2/store/manifests/${artifact.id}`);
    expect((await manifest.whole()).equals(artifact.manifest)).toBe(true);
    const path = `/v2/store/blobs/${weights.descriptor.digest}`;
    const whole = await ask(path);
    expect(digestOf(await whole.whole())).toBe(weights.descriptor.digest);

    const head = await ask(path, { method: 'HEAD' });
    expect(head).toMatchObject({ status: 200, headers: { 'content-length': String(3 * MEGABYTE) } });
    expect(await head.whole()).toHaveLength(0);
    const part = await ask(path, { headers: { range: 'bytes=10-19' } });
    expect(part).toMatchObject({ status: 206, headers: { 'content-range': `bytes 10-19/${3 * MEGABYTE}` } });
    expect((await part.whole()).equals((weights.content as Buffer).subarray(10, 20))).toBe(true);
    const last = await ask(path, { headers: { range: 'bytes=-5' } });
    expect((await last.whole()).equals((weights.content as Buffer).subarray(-5))).toBe(true);
    expect((await ask(path, { headers: { range: `bytes=${3 * MEGABYTE}-` } })).status).toBe(416);
  });

  it('says the same to everybody without a token of the cluster, whatever is asked for', async () => {
    const paths = [
      `/v2/store/blobs/${weights.descriptor.digest}`,
      `/models/${artifact.id}/export`,
      '/nothing',
    ];
    const headers: Readonly<Record<string, string>>[] = [
      {},
      { authorization: 'Bearer' },
      { authorization: `Bearer ${signStoreToken('another', Date.now())}` },
      { authorization: `Bearer ${signStoreToken('5ec2e7', Date.now() - 120_000)}` },
      { authorization: `Basic ${signStoreToken('5ec2e7', Date.now())}` },
    ];
    const answers = new Set<string>();
    for (const path of paths) {
      for (const header of headers) {
        const response = await openRequest({ url: `${served.url}${path}`, headers: header });
        expect(response.status).toBe(401);
        answers.add((await response.whole()).toString());
      }
    }
    expect([...answers]).toEqual(['{"code":"unauthorized","message":"A token of this cluster is needed."}']);
  });

  it('serves a blob as soon as it is whole, before the model it is of', async () => {
    const early = Buffer.from('of a model that is still coming');
    await writeFile(join(served.store.directory, 'blobs', 'sha256', digestOf(early).slice(7)), early);
    const answer = await ask(`/v2/store/blobs/${digestOf(early)}`);
    expect([answer.status, (await answer.whole()).toString()]).toEqual([200, early.toString()]);
  });

  it('knows nothing but digests of blobs and models', async () => {
    const paths = [
      `/v2/store/blobs/${digestOf(Buffer.from('nowhere'))}`,
      '/v2/store/blobs/../../../layout.json',
      '/v2/store/blobs/sha256:..%2f..%2flayout.json',
      `/v2/store/blobs/${weights.descriptor.digest}/../../../layout.json`,
      `/v2/store/blobs/${weights.descriptor.digest.toUpperCase()}`,
      `/v2/store/manifests/${digestOf(Buffer.from('x'))}`,
      '/layout.json',
      '//',
      '/models/latest/export',
    ];
    for (const path of paths) {
      const socket = await silentCaller(path, served);
      socket.resume();
      const [head] = (await once(socket, 'data')) as [Buffer];
      expect(head.toString()).toMatch(/^HTTP\/1.1 404 /);
      socket.destroy();
    }
    for (const method of ['PUT', 'DELETE', 'POST'])
      expect((await ask(`/v2/store/blobs/${weights.descriptor.digest}`, { method })).status).toBe(404);
  });

  it('cuts off a caller who does not take what he asked for', async () => {
    const strict = await bench.serve({ grace: 300, bytesPerSecond: 10 ** 9 });
    const large = blobOf(await storedIn(strict, 40 * MEGABYTE));
    const socket = await silentCaller(`/v2/store/blobs/${large.descriptor.digest}`, strict);
    await eventually(() => socket.readableLength > 0 || socket.bytesRead > 0);
    await sleep(1_000);
    let got = 0;
    socket.on('data', (bytes: Buffer) => (got += bytes.length));
    socket.resume();
    await once(socket, 'close');
    expect(got).toBeLessThan(40 * MEGABYTE);
  });

  it('serves no more callers at once than it may, and others again when one has gone', async () => {
    const small = await bench.serve({ requests: 1 });
    const large = blobOf(await storedIn(small, 40 * MEGABYTE));
    const path = `/v2/store/blobs/${large.descriptor.digest}`;
    const socket = await silentCaller(path, small);
    const status = async (): Promise<number> => (await ask(path, { at: small, method: 'HEAD' })).status;
    await eventually(async () => (await status()) === 503);
    expect((await ask(path, { at: small })).headers['retry-after']).toBe('1');
    socket.destroy();
    await eventually(async () => (await status()) === 200);
  });

  it('serves models however many follow its log, and no more of those than it may', async () => {
    const small = await bench.serve({ requests: 1, followers: 1 });
    const { id } = await storedIn(small, 1_000);
    const follow = (): Promise<OpenResponse> => ask('/v1/logs?follow=true', { at: small });
    const follower = await follow();
    expect(follower.status).toBe(200);
    expect((await ask(`/v2/store/manifests/${id}`, { at: small })).status).toBe(200);
    expect((await follow()).status).toBe(503);
    follower.hangUp();
    await eventually(async () => {
      const next = await follow();
      next.hangUp();
      return next.status === 200;
    });
  });

  it('ends transfers when it stops, and leaves no connection', async () => {
    const stopping = await bench.serve();
    const large = blobOf(await storedIn(stopping, 40 * MEGABYTE));
    const socket = await silentCaller(`/v2/store/blobs/${large.descriptor.digest}`, stopping);
    await eventually(() => socket.readableLength > 0 || socket.bytesRead > 0);
    await stopping.server.stop();
    socket.resume();
    if (!socket.destroyed) await once(socket, 'close');
    expect(stopping.server.url).toBeUndefined();
  });
});

describe('models that gateways send and fetch', () => {
  it('leave as an archive and come in elsewhere as the same model', async () => {
    const exported = await ask(`/models/${artifact.id}/export`);
    expect(exported.headers['content-type']).toBe('application/x-tar');
    const archive = await exported.whole();
    const other = await bench.serve();
    const loaded = await fetch(`${other.url}/models/load`, {
      method: 'POST',
      headers: { authorization: await bench.access.authorization() },
      body: archive,
    });
    expect(await loaded.json()).toEqual({ modelId: artifact.id });
    expect(other.library.stored).toEqual([artifact.id]);

    const cut = await fetch(`${other.url}/models/load`, {
      method: 'POST',
      headers: { authorization: await bench.access.authorization() },
      body: archive.subarray(0, archive.length / 2),
    });
    expect(cut.status).toBe(400);
    expect(await cut.json()).toMatchObject({ code: 'unusable' });
  });

  it('are gone without a trace when their sender hangs up', async () => {
    const other = await bench.serve();
    const socket = connect({ host: '127.0.0.1', port: Number(new URL(other.url).port) });
    const authorization = await bench.access.authorization();
    const archive = await (await ask(`/models/${artifact.id}/export`)).whole();
    socket.write(
      `POST /models/load HTTP/1.1\r\nhost: x\r\nauthorization: ${authorization}\r\ncontent-length: ${archive.length}\r\n\r\n`,
    );
    socket.write(archive.subarray(0, MEGABYTE));
    const usage = async (): Promise<number> => (await other.store.usage()).total;
    await eventually(async () => (await usage()) > 0);
    socket.destroy();
    await eventually(async () => (await usage()) === 0);
    expect(await other.store.list()).toEqual([]);
  });

  it('are refused so that their sender reads why, however much of them is still to come', async () => {
    const answer = await sendStubbornly({
      url: `${served.url}/models/package?target=a/b`,
      headers: {
        authorization: await bench.access.authorization(),
        'content-type': 'application/x-tar',
      },
      megabytes: 8,
    });
    expect(answer).toMatch(/^HTTP\/1\.1 400 [^]*connection: close[^]*"code":"unusable"/i);
  });

  it('get another context size under another name', async () => {
    const target = 'docker.io/ai/long:latest';
    const answer = await ask(`/models/${artifact.id}/repackage`, { body: { target, contextSize: 1024 } });
    const { modelId } = (await json(answer)) as { modelId: string };
    expect(await served.store.get(modelId)).toMatchObject({ tags: [target], config: { context_size: 1024 } });
    expect(bench.catalogue.models.get(modelId)?.tags).toEqual([target]);
    const wrong = await ask(`/models/${artifact.id}/repackage`, { body: { target } });
    expect(wrong.status).toBe(400);
    const none = `sha256:${'0'.repeat(64)}`;
    expect((await ask(`/models/${none}/repackage`, { body: { target, contextSize: 1 } })).status).toBe(404);
  });

  it('are pushed with progress, and described from where they were pushed', async () => {
    const reference = `${registry.host}/test/pushed:1`;
    const pushed = await ask(`/models/${artifact.id}/push`, { body: { reference } });
    const lines = (await pushed.whole()).toString().trimEnd().split('\n');
    expect(pushed.status).toBe(200);
    expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({ type: 'success', mode: 'push' });
    expect(lines.length).toBeGreaterThan(1);

    const remote = await ask(`/remote?reference=${encodeURIComponent(reference)}`);
    expect(await json(remote)).toMatchObject({
      id: artifact.id,
      config: { format: 'gguf', context_size: 512 },
      origin: `${registry.host}/test/pushed@${artifact.id}`,
    });
    const missing = await ask(`/remote?reference=${encodeURIComponent(`${registry.host}/test/no:1`)}`);
    expect(missing.status).toBe(404);
  });

  it('that are not there, or go nowhere, are refused with a status and a sentence', async () => {
    const reference = `${registry.host}/test/pushed:1`;
    const none = `sha256:${'0'.repeat(64)}`;
    const missing = await ask(`/models/${none}/push`, { body: { reference } });
    expect(missing.status).toBe(404);
    expect((await ask(`/models/${none}/export`)).status).toBe(404);
    const unreadable = await ask(`/models/${artifact.id}/push`, { body: { reference: 'a b' } });
    expect(unreadable.status).toBe(400);
    const broken = await ask(`/models/${artifact.id}/push`, { body: '{' });
    expect(await json(broken)).toEqual({ code: 'invalid', message: 'The body must be a JSON object.' });
    const long = await ask(`/models/${artifact.id}/push`, { body: { reference: 'x'.repeat(100_000) } });
    expect(long.status).toBe(413);
  });
});
