import { writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseModelReference, type ProgressLine } from '#contracts';
import { Workbench, randomArtifact } from '../__fixtures__/workbench.js';
import type { FrontExchange, RegistryFront } from '#testing';
import type { Artifact } from '../package/artifact.js';
import { pushArtifact, type PushArtifact } from './push-artifact.js';
import { pushModel } from './push-model.js';
import type { RegistryOptions } from './registry-http.js';

const MIB = 1024 * 1024;
let bench: Workbench;

beforeAll(async () => {
  bench = await Workbench.start();
});
afterAll(() => bench.stop());

type Push = Partial<PushArtifact> & { readonly host?: string; readonly options?: RegistryOptions };

async function push(
  artifact: Artifact,
  path: string,
  { host = bench.registry.host, options, ...rest }: Push = {},
): Promise<void> {
  const reference = parseModelReference(`${host}/${path}`);
  await pushArtifact({ http: bench.http(options), artifact, reference, ...rest });
}

/** The id of a model that is in the registry whole: pulling checks every digest. */
async function pulledId(path: string): Promise<string> {
  return (await bench.pull(await bench.store(), path)).model.id;
}

const uploads = (front: RegistryFront, method: string): string[] =>
  front.log.filter((line) => line.startsWith(`${method} `) && line.includes('/blobs/uploads/'));

describe('pushArtifact', () => {
  it('sends blobs before the manifest, and nothing that is there already', async () => {
    const front = await bench.front();
    const artifact = randomArtifact(2 * MIB, 1000, 0);
    await push(artifact, 'push/plain:1', { host: front.host });
    expect(await pulledId('push/plain:1')).toBe(artifact.id);
    expect(uploads(front, 'PUT')).toHaveLength(4);
    expect(front.log.at(-1)).toBe('PUT /v2/push/plain/manifests/1');

    front.log.length = 0;
    await push(artifact, 'push/plain:2', { host: front.host });
    expect(front.log.filter((line) => !line.startsWith('HEAD '))).toEqual(['PUT /v2/push/plain/manifests/2']);
  });

  it('sends several layers at once', async () => {
    let [running, most] = [0, 0];
    const front = await bench.front(({ request, response, forward }) => {
      if (request.method === 'PUT' && request.url?.includes('uploads')) {
        most = Math.max(most, (running += 1));
        response.once('close', () => (running -= 1));
        // An upload is answered when as many run as are expected to, so the test cannot pass by luck of timing.
        const wait = setInterval(() => {
          if (most < 5) return;
          clearInterval(wait);
          forward();
        }, 1);
      } else forward();
    });
    const artifact = randomArtifact(...Array.from({ length: 10 }, (_, index) => 1000 + index));
    // The config goes alone; it waits for nobody because five were seen at once before.
    await push(artifact, 'push/parallel:1', { host: front.host });
    expect(most).toBe(5);
    expect(await pulledId('push/parallel:1')).toBe(artifact.id);
  });

  it('reports the bytes of each layer', async () => {
    const lines: ProgressLine[] = [];
    const artifact = randomArtifact(3 * MIB);
    await push(artifact, 'push/progress:1', { onProgress: (line) => lines.push(line) });
    const layer = artifact.blobs[1]?.descriptor;
    const ofLayer = lines.filter((line) => line.layer.id === layer?.digest);
    expect(ofLayer.at(-1)).toEqual({
      type: 'progress',
      message: 'Uploaded: 3.00 MB',
      total: 3 * MIB,
      layer: { id: layer?.digest, size: 3 * MIB, current: 3 * MIB },
      mode: 'push',
    });
    lines.length = 0;
    await push(artifact, 'push/progress:2', { onProgress: (line) => lines.push(line) });
    expect(lines).toEqual([]);
  });

  it('lets the registry take blobs from a repository that has them', async () => {
    const artifact = randomArtifact(MIB, 10);
    await push(artifact, 'mount/source:1');
    const front = await bench.front();
    const mountFrom = ['mount/nothing', 'mount/source'];
    await push(artifact, 'mount/target:1', { host: front.host, mountFrom });
    expect(uploads(front, 'PUT')).toEqual([]);
    expect(await pulledId('mount/target:1')).toBe(artifact.id);
  });

  it('sends a blob in pieces, no smaller than the registry wants', async () => {
    const artifact = randomArtifact(5 * MIB + 3);
    const lengths: string[] = [];
    const front = await bench.front(({ request, response, forward }) => {
      if (request.method === 'POST') response.setHeader('oci-chunk-min-length', String(2 * MIB));
      if (request.method === 'PATCH') lengths.push(String(request.headers['content-range']));
      forward();
    });
    await push(artifact, 'push/pieces:1', { host: front.host, chunkSize: MIB });
    expect(lengths.filter((range) => !range.startsWith('0-') || range === `0-${2 * MIB - 1}`)).toEqual([
      `0-${2 * MIB - 1}`,
      `${2 * MIB}-${4 * MIB - 1}`,
      `${4 * MIB}-${5 * MIB + 2}`,
    ]);
    expect(await pulledId('push/pieces:1')).toBe(artifact.id);
  });

  it('goes over to pieces when the whole is too large for a server on the way', async () => {
    const artifact = randomArtifact(MIB);
    const front = await bench.front(({ request, response, forward }) => {
      if (request.method === 'PUT' && Number(request.headers['content-length']) > 100_000) {
        request.resume();
        response.writeHead(413).end();
      } else forward();
    });
    await push(artifact, 'push/too-large:1', { host: front.host });
    expect(uploads(front, 'PATCH')).toHaveLength(1);
    expect(await pulledId('push/too-large:1')).toBe(artifact.id);
  });

  it('follows locations that are relative', async () => {
    const artifact = randomArtifact(MIB);
    const front = await bench.front(({ response, forward }) => {
      relocate(response, (location) => location.replace(/^https?:\/\/[^/]+/, ''));
      forward();
    });
    await push(artifact, 'push/relative:1', { host: front.host });
    await push(randomArtifact(MIB), 'push/relative:2', { host: front.host, chunkSize: 300_000 });
    expect(await pulledId('push/relative:1')).toBe(artifact.id);
  });

  it.each([
    ['a whole blob', {}],
    ['pieces', { chunkSize: 400_000 }],
  ])('tries %s again when the connection is cut, and when the registry is busy', async (_what, how) => {
    const artifact = randomArtifact(MIB);
    let [cuts, refusals] = [0, 0];
    const front = await bench.front(({ request, response, forward }) => {
      const upload = request.method === 'PUT' || request.method === 'PATCH';
      if (upload && Number(request.headers['content-length']) > 100_000 && (cuts += 1) === 1) {
        request.once('data', () => request.destroy());
      } else if (upload && (refusals += 1) === 1) {
        request.resume();
        response.writeHead(503, { 'retry-after': '0' }).end();
      } else forward();
    });
    const path = `push/cut-${Object.keys(how).length}:1`;
    await push(artifact, path, { host: front.host, ...how });
    expect([cuts > 0, refusals > 0]).toEqual([true, true]);
    expect(await pulledId(path)).toBe(artifact.id);
  });

  it('gives up on a registry that refuses, with its reason', async () => {
    const front = await bench.front(({ request, response, forward }) => {
      if (request.method !== 'PUT') return forward();
      request.resume();
      response.writeHead(400, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ errors: [{ code: 'DIGEST_INVALID', message: 'no' }] }));
    });
    await expect(push(randomArtifact(10), 'push/refused:1', { host: front.host })).rejects.toThrow(
      'refused the upload with status 400 (DIGEST_INVALID)',
    );
  });

  it('never puts a manifest when a layer failed, and leaves no upload running', async () => {
    const artifact = randomArtifact(1000, 2000, 3000, 4000);
    const front = await bench.front(({ request, response, forward }) => {
      if (request.method === 'PUT' && request.headers['content-length'] === '3000') {
        request.resume();
        response.writeHead(403).end();
      } else forward();
    });
    const failed = push(artifact, 'push/half:1', { host: front.host });
    await expect(failed).rejects.toMatchObject({ failure: 'unauthorized' });
    expect(front.log.filter((line) => line.includes('/manifests/'))).toEqual([]);
  });

  it('says which file of the model is gone or has changed', async () => {
    const folder = await bench.folder();
    const [file, artifact] = [join(folder, 'weights'), randomArtifact(1000)];
    const blobs = artifact.blobs.map((blob, index) => (index === 1 ? { ...blob, content: file } : blob));
    const pushing = (): Promise<void> => push({ ...artifact, blobs }, 'push/gone:1');
    await expect(pushing()).rejects.toThrow(`${file} cannot be read`);
    await writeFile(file, 'something else');
    await expect(pushing()).rejects.toThrow(`${file} has another size than it should`);
    await writeFile(file, Buffer.alloc(1000));
    await expect(pushing()).rejects.toThrow('status 400 (DIGEST_INVALID)');
  });

  it('ends with the reason of its signal', async () => {
    const stop = new AbortController();
    const front = await bench.front(({ request, forward }) => {
      if (request.method === 'PUT') stop.abort(new Error('nobody waits any more'));
      else forward();
    });
    const access = { signal: stop.signal };
    await expect(push(randomArtifact(MIB), 'push/stopped:1', { host: front.host, access })).rejects.toThrow(
      'nobody waits any more',
    );
  });
});

describe('pushModel', () => {
  it('pushes what is in the store, and mounts from where it came', async () => {
    const artifact = randomArtifact(MIB);
    const front = await bench.front();
    await push(artifact, 'stored/origin:1', { host: front.host });
    const store = await bench.store();
    const { model } = await bench.pull(store, 'stored/origin:1', { host: front.host });
    front.log.length = 0;
    const reference = parseModelReference(`${front.host}/stored/copy:1`);
    await pushModel({ store, id: model.id, http: bench.http(), reference });
    expect(uploads(front, 'PUT')).toEqual([]);
    expect(await pulledId('stored/copy:1')).toBe(artifact.id);
    const nothing = `sha256:${'0'.repeat(64)}`;
    await expect(pushModel({ store, id: nothing, http: bench.http(), reference })).rejects.toMatchObject({
      reason: 'not-found',
    });
  });
});

describe('a registry with tokens', () => {
  it('gets one before a body is sent, also for a mount, and bodies are never sent for nothing', async () => {
    const asked: string[] = [];
    const front = await bench.front(withTokens(() => front.host, asked));
    const options = { credentials: () => ({ username: 'user', password: 'secret' }) };
    const artifact = randomArtifact(MIB, 20);
    await push(artifact, 'tokens/source:1', { host: front.host, options });
    expect(await pulledId('tokens/source:1')).toBe(artifact.id);
    const puts = uploads(front, 'PUT');
    expect(puts).toHaveLength(3);
    expect(asked).toEqual(['repository:tokens/source:pull,push']);

    front.log.length = 0;
    const mountFrom = ['tokens/source'];
    await push(artifact, 'tokens/target:1', { host: front.host, options, mountFrom });
    expect(uploads(front, 'PUT')).toEqual([]);
    expect(await pulledId('tokens/target:1')).toBe(artifact.id);
    expect(asked).toContain('repository:tokens/target:pull,push repository:tokens/source:pull');
  });

  it('is asked for a new one before a body is sent again that it did not take', async () => {
    const tokens = withTokens(() => front.host, []);
    const front = await bench.front((exchange) => {
      const { request, response, earlier } = exchange;
      const first = request.method === 'PUT' && earlier === 0 && request.url?.includes('/uploads/');
      if (first !== true || refused) return tokens(exchange);
      refused = true;
      request.resume();
      response.writeHead(401, { 'www-authenticate': `Bearer realm="http://${front.host}/token"` }).end();
    });
    let refused = false;
    const options = { credentials: () => ({ username: 'user', password: 'secret' }) };
    const artifact = randomArtifact(MIB);
    await push(artifact, 'tokens/expired:1', { host: front.host, options });
    expect(await pulledId('tokens/expired:1')).toBe(artifact.id);
    const methods = front.log.map((line) =>
      line
        .split(/[ ?]/)
        .slice(0, 2)
        .join(' ')
        .replace(/[^/]+$/, ''),
    );
    const refusal = methods.findIndex((line) => line.startsWith('PUT'));
    expect(methods.slice(refusal + 1, refusal + 5)).toEqual([
      'GET /',
      'HEAD /v2/tokens/expired/blobs/',
      'POST /v2/tokens/expired/blobs/uploads/',
      'PUT /v2/tokens/expired/blobs/uploads/',
    ]);
  });

  it('takes the blobs themselves when it does not let us mount', async () => {
    const front = await bench.front(withTokens(() => front.host, [], 'tokens/secret'));
    const options = { credentials: () => ({ username: 'user', password: 'secret' }) };
    const artifact = randomArtifact(MIB);
    const mountFrom = ['tokens/secret'];
    await push(artifact, 'tokens/unmounted:1', { host: front.host, options, mountFrom });
    expect(await pulledId('tokens/unmounted:1')).toBe(artifact.id);
  });

  it('refuses who has no account', async () => {
    const front = await bench.front(withTokens(() => front.host, []));
    await expect(push(randomArtifact(10), 'tokens/stranger:1', { host: front.host })).rejects.toMatchObject({
      failure: 'unauthorized',
      message: 'Unauthorized',
    });
  });
});

/** Rewrites the place of uploads that the registry behind names. */
function relocate(response: ServerResponse, rewrite: (location: string) => string): void {
  const writeHead = response.writeHead.bind(response) as (status: number, headers?: object) => ServerResponse;
  response.writeHead = ((status: number, headers: Record<string, string> = {}) =>
    writeHead(status, {
      ...headers,
      ...(headers['location'] !== undefined && { location: rewrite(headers['location']) }),
    })) as typeof response.writeHead;
}

/** A registry that wants a token for every request: one for the repository, and for the source of a mount too. */
function withTokens(
  host: () => string,
  asked: string[],
  forbidden?: string,
): (exchange: FrontExchange) => void {
  return ({ request, response, forward }) => {
    const url = new URL(request.url ?? '', `http://${host()}`);
    if (url.pathname === '/token') return giveToken(request, response, url, asked);
    const repository = /^\/v2\/(.+?)\/(?:blobs|manifests)\//.exec(url.pathname)?.[1] ?? '';
    const from = url.searchParams.get('from');
    const granted = Buffer.from((request.headers.authorization ?? '').slice(7), 'base64url').toString();
    const allowed =
      granted.includes(`repository:${repository}:`) &&
      (from === null || (from !== forbidden && granted.includes(`repository:${from}:pull`)));
    if (allowed) return forward();
    request.resume();
    response.writeHead(401, { 'www-authenticate': `Bearer realm="http://${host()}/token",service="test"` });
    response.end();
  };
}

function giveToken(request: IncomingMessage, response: ServerResponse, url: URL, asked: string[]): void {
  const known = `Basic ${Buffer.from('user:secret').toString('base64')}`;
  if (request.headers.authorization !== known) {
    response.writeHead(401).end();
    return;
  }
  const scope = url.searchParams.getAll('scope').join(' ');
  asked.push(scope);
  response.end(JSON.stringify({ token: Buffer.from(scope).toString('base64url'), expires_in: 300 }));
}
