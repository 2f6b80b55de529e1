import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseModelReference } from '#contracts';
import { onBlob, rangeOf } from '../__fixtures__/misbehave.js';
import { isWhole, publishBlob, smallSegments, sorted, STARTS } from '../__fixtures__/published-blob.js';
import type { RegistryFront } from '#testing';
import { Workbench, randomArtifact } from '../__fixtures__/workbench.js';
import { pullModel } from '../pull-model.js';
import type { RegistryCredentials } from './registry-credentials.js';
import { parseMirrors } from './registry-endpoint.js';
import { RegistrySource } from './registry-source.js';

const MEBIBYTE = 1024 * 1024;
let bench: Workbench;

beforeAll(async () => {
  bench = await Workbench.start();
});
afterAll(() => bench.stop());

/** Gives tokens with rising numbers that live for `lifetime` seconds, and keeps what it was asked. */
async function tokenServer(lifetime = 300) {
  const asked: { method: string; authorization: string | undefined; body: string }[] = [];
  const server = await bench.front(({ request, response }) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => (body += text));
    request.on('end', () => {
      const { method = '', headers } = request;
      asked.push({ method, authorization: headers.authorization, body });
      setTimeout(
        () => response.end(JSON.stringify({ access_token: `t${asked.length}`, expires_in: lifetime })),
        20,
      );
    });
  });
  return { asked, host: server.host, url: `http://${server.host}/token` };
}

/** A registry that takes one token only, which can change. */
async function guardedRegistry(realm: string, accepted: { token: string }): Promise<RegistryFront> {
  return bench.front(({ request, response, forward }) => {
    if (request.headers.authorization === `Bearer ${accepted.token}`) return forward();
    request.resume();
    return void response.writeHead(401, { 'www-authenticate': `Bearer realm="${realm}",service="r"` }).end();
  });
}

describe('a token that ends in the middle of a pull', () => {
  it('is replaced once, however many ranges were refused, and no range is lost', async () => {
    const artifact = randomArtifact(MEBIBYTE);
    await bench.push(artifact, 'access/expiring:1');
    const tokens = await tokenServer();
    const accepted = { token: 't1' };
    const digest = artifact.blobs[1]?.descriptor.digest ?? '';
    const counting = await bench.front(
      onBlob(digest, ({ forward }, count) => {
        if (count === 4) accepted.token = 't2';
        forward();
      }),
    );
    const guarded = await bench.front(({ request, response, forward }) => {
      if (request.headers.authorization === `Bearer ${accepted.token}`) return forward();
      return void response.writeHead(401, { 'www-authenticate': `Bearer realm="${tokens.url}"` }).end();
    }, counting.host);
    const store = await bench.store();
    const { model } = await bench.pull(store, 'access/expiring:1', {
      host: guarded.host,
      transfer: smallSegments(),
    });
    expect(model.id).toBe(artifact.id);
    expect(tokens.asked).toHaveLength(2);
  });
});

describe('an identity token', () => {
  it('is exchanged at the token server and shown to nobody else', async () => {
    await bench.push(randomArtifact(100), 'access/identity:1');
    const tokens = await tokenServer();
    const front = await guardedRegistry(tokens.url, { token: 't1' });
    const identity: RegistryCredentials = { identityToken: 'long lived' };
    const http = bench.http({ credentials: (registry) => (registry === front.host ? identity : undefined) });
    await bench.pull(await bench.store(), 'access/identity:1', { host: front.host, http });
    expect(tokens.asked).toHaveLength(1);
    expect(tokens.asked[0]).toMatchObject({ method: 'POST', authorization: undefined });
    expect(Object.fromEntries(new URLSearchParams(tokens.asked[0]?.body))).toEqual({
      grant_type: 'refresh_token',
      client_id: 'longshore',
      service: 'r',
      scope: 'repository:access/identity:pull',
      refresh_token: 'long lived',
    });
  });
});

describe('a token server inside a private network', () => {
  it('is used when the operator trusts its host', async () => {
    await bench.push(randomArtifact(100), 'access/inside:1');
    const tokens = await tokenServer();
    const realm = tokens.url.replace('127.0.0.1', 'localhost');
    const front = await guardedRegistry(realm, { token: 't1' });
    const pull = async (trustedTokenHosts: string[]) =>
      bench.pull(await bench.store(), 'access/inside:1', {
        host: front.host,
        http: bench.http({ trustedTokenHosts }),
      });
    await expect(pull(['other.example'])).rejects.toThrow('is inside a private network and was refused');
    expect(tokens.asked).toEqual([]);
    expect((await pull(['localhost'])).cached).toBe(false);
  });
});

describe('a redirect of a range', () => {
  it('to another host keeps the range and drops the authorization', async () => {
    const artifact = randomArtifact(MEBIBYTE);
    await bench.push(artifact, 'access/moved:1');
    const ranges: (object | undefined)[] = [];
    const authorizations = new Set<string | undefined>();
    const elsewhere = await bench.front(({ request, forward }) => {
      ranges.push(rangeOf(request));
      authorizations.add(request.headers.authorization);
      forward();
    });
    const front = await bench.front(({ request, response, forward }) => {
      if (request.headers.range === undefined) return forward();
      return void response.writeHead(307, { location: `http://${elsewhere.host}${request.url}` }).end();
    });
    const { model } = await bench.pull(await bench.store(), 'access/moved:1', {
      host: front.host,
      bearerToken: 'mine',
      transfer: smallSegments(),
    });
    expect(model.id).toBe(artifact.id);
    expect(ranges).toHaveLength(16);
    expect(ranges).not.toContain(undefined);
    expect([...authorizations]).toEqual([undefined]);
  });
});

describe('mirrors of Docker Hub', () => {
  it('are asked in order with their paths, without credentials that are not theirs', async () => {
    const artifact = randomArtifact(1000);
    await bench.push(artifact, 'ai/mirrored:1');
    const seen = new Set<string | undefined>();
    const down = await bench.front(({ response }) => void response.writeHead(503).end());
    const lacking = await bench.front(({ response }) => void response.writeHead(404).end());
    const good = await bench.front(({ request, forward }) => {
      seen.add(request.headers.authorization);
      expect(request.url?.startsWith('/hub/proxy/v2/ai/mirrored/')).toBe(true);
      request.url = request.url?.replace('/hub/proxy', '');
      forward();
    });
    const http = bench.http({
      mirrors: parseMirrors(`${down.host},http://${lacking.host},http://${good.host}/hub/proxy/`),
      credentials: (registry) => (registry === 'docker.io' ? { username: 'hub', password: 'pw' } : undefined),
    });
    const store = await bench.store();
    const reference = parseModelReference('mirrored:1');
    const source = new RegistrySource(http);
    const { model } = await pullModel({ store, source, reference, bearerToken: 'for the hub' });
    expect(model).toMatchObject({ id: artifact.id, tags: ['docker.io/ai/mirrored:1'] });
    expect([...seen]).toEqual([undefined]);
    // One that failed is left alone; one that has not this model may have the next.
    expect(down.log).toHaveLength(1);
    expect(lacking.log).toHaveLength(3);
  });
});

describe('a registry that refuses us in the middle of a pull', () => {
  it('ends it with Unauthorized, and what was finished is not fetched again once it lets us in', async () => {
    let refusing = true;
    const model = await publishBlob(bench, ({ response, forward }, count) =>
      refusing && count >= 6 ? void response.writeHead(401).end() : forward(),
    );
    await expect(model.pull(smallSegments({ connectionsPerBlob: 1 }))).rejects.toMatchObject({
      failure: 'unauthorized',
      message: 'Unauthorized',
    });
    expect(await model.store.list()).toEqual([]);
    refusing = false;
    model.starts.length = 0;
    await model.pull();
    expect(sorted(model.starts)).toEqual(STARTS.slice(6));
    expect(await isWhole(model)).toBe(true);
  });
});
