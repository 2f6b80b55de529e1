import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseModelReference } from '#contracts';
import type { FrontExchange } from '#testing';
import { Workbench, randomArtifact } from '../__fixtures__/workbench.js';
import type { RegistryCredentials } from './registry-credentials.js';
import { pushArtifact } from './push-artifact.js';

let bench: Workbench;

beforeAll(async () => {
  bench = await Workbench.start();
});
afterAll(() => bench.stop());

const alice: RegistryCredentials = { username: 'alice', password: 'secret' };
const ALICE = `Basic ${Buffer.from('alice:secret').toString('base64')}`;

interface Guard {
  /** Value of `WWW-Authenticate`. */
  readonly challenge: string;
  /** `Authorization` headers that are let through. */
  readonly accepted: readonly string[];
  readonly seen: (string | undefined)[];
}

/** Lets a request through to the registry when its authorization is right. */
function guarded({ challenge, accepted, seen }: Guard): (exchange: FrontExchange) => void {
  return ({ request, response, forward }) => {
    const { authorization } = request.headers;
    seen.push(authorization);
    if (authorization !== undefined && accepted.includes(authorization)) return forward();
    request.resume();
    return void response.writeHead(401, { 'www-authenticate': challenge }).end();
  };
}

/** A token server for alice. */
async function tokenServer(): Promise<{ url: string; requests: URLSearchParams[] }> {
  const requests: URLSearchParams[] = [];
  const server = await bench.front(({ request, response }) => {
    const query = new URL(request.url ?? '', 'http://localhost').searchParams;
    requests.push(query);
    if (request.headers.authorization !== ALICE) return void response.writeHead(401).end();
    return void response.end(JSON.stringify({ token: `token-for ${query.get('scope')}`, expires_in: 300 }));
  });
  return { url: `http://${server.host}/token`, requests };
}

describe('a registry that asks for a bearer token', () => {
  it('gets one token a scope, from the server it names', async () => {
    const tokens = await tokenServer();
    const seen: (string | undefined)[] = [];
    const front = await bench.front(
      guarded({
        challenge: `Bearer realm="${tokens.url}",service="the registry",scope="ignored",Basic realm="other"`,
        accepted: [
          'Bearer token-for repository:org/token:pull',
          'Bearer token-for repository:org/token:pull,push',
        ],
        seen,
      }),
    );
    const http = bench.http({ credentials: (registry) => (registry === front.host ? alice : undefined) });
    const artifact = randomArtifact(1000, 2000, 3000, 4000);
    await pushArtifact({ http, artifact, reference: parseModelReference(`${front.host}/org/token:1`) });
    seen.length = 0;
    const store = await bench.store();
    expect((await bench.pull(store, 'org/token:1', { host: front.host, http })).model.id).toBe(artifact.id);

    expect(tokens.requests.map((query) => Object.fromEntries(query))).toEqual([
      { scope: 'repository:org/token:pull,push', service: 'the registry' },
      { scope: 'repository:org/token:pull', service: 'the registry' },
    ]);
    expect(seen.filter((header) => header === undefined)).toHaveLength(1);
  });

  it('says Unauthorized to a wrong password, without trying again, and stores nothing', async () => {
    const tokens = await tokenServer();
    const front = await bench.front(
      guarded({ challenge: `Bearer realm="${tokens.url}"`, accepted: [], seen: [] }),
    );
    const store = await bench.store();
    const http = bench.http({ credentials: () => ({ username: 'alice', password: 'wrong' }) });
    await expect(bench.pull(store, 'org/token:1', { host: front.host, http })).rejects.toMatchObject({
      failure: 'unauthorized',
      message: 'Unauthorized',
    });
    expect(tokens.requests).toHaveLength(1);
    expect(await store.list()).toEqual([]);
  });

  it('says Unauthorized when the token it got is refused', async () => {
    const tokens = await tokenServer();
    const front = await bench.front(
      guarded({ challenge: `Bearer realm="${tokens.url}"`, accepted: [], seen: [] }),
    );
    const http = bench.http({ credentials: () => alice });
    const pull = bench.pull(await bench.store(), 'org/token:1', { host: front.host, http });
    await expect(pull).rejects.toMatchObject({ failure: 'unauthorized' });
    expect(front.log).toHaveLength(2);
  });

  it("takes the caller's own token, and never falls back to the operator's account", async () => {
    const tokens = await tokenServer();
    await bench.push(randomArtifact(100), 'org/own:1');
    const challenge = `Bearer realm="${tokens.url}"`;
    const front = await bench.front(guarded({ challenge, accepted: ['Bearer mine'], seen: [] }));
    const http = bench.http({ credentials: () => alice });
    const store = await bench.store();
    const options = { host: front.host, http };
    await expect(bench.pull(store, 'org/own:1', { ...options, bearerToken: 'other' })).rejects.toMatchObject({
      failure: 'unauthorized',
    });
    await bench.pull(store, 'org/own:1', { ...options, bearerToken: 'mine' });
    expect(tokens.requests).toEqual([]);
  });

  it('may not send us to a private network, by address or by name', async () => {
    const tokens = await tokenServer();
    for (const host of ['localhost', '127.0.0.2', '[::ffff:127.0.0.1]']) {
      const realm = tokens.url.replace('127.0.0.1', host);
      const front = await bench.front(
        guarded({ challenge: `Bearer realm="${realm}"`, accepted: [], seen: [] }),
      );
      await expect(bench.pull(await bench.store(), 'org/x:1', { host: front.host })).rejects.toMatchObject({
        failure: 'failed',
        message: expect.stringContaining('is inside a private network and was refused'),
      });
    }
    expect(tokens.requests).toEqual([]);
  });

  it('may not name a token server that is no URL', async () => {
    const front = await bench.front(
      guarded({ challenge: 'Bearer realm="Artifactory Realm"', accepted: [], seen: [] }),
    );
    await expect(bench.pull(await bench.store(), 'org/x:1', { host: front.host })).rejects.toThrow(
      'no usable token server',
    );
  });
});

describe('a registry that asks for a password', () => {
  it('gets it, and nobody else does', async () => {
    await bench.push(randomArtifact(100), 'org/basic:1');
    const seen: (string | undefined)[] = [];
    const front = await bench.front(guarded({ challenge: 'Basic realm="r"', accepted: [ALICE], seen }));
    const http = bench.http({ credentials: (registry) => (registry === front.host ? alice : undefined) });
    const store = await bench.store();
    await bench.pull(store, 'org/basic:1', { host: front.host, http });
    expect(new Set(seen)).toEqual(new Set([undefined, ALICE]));

    const stranger: (string | undefined)[] = [];
    const other = await bench.front(
      guarded({ challenge: 'Basic realm="r"', accepted: [ALICE], seen: stranger }),
    );
    await expect(bench.pull(store, 'org/basic:1', { host: other.host, http })).rejects.toMatchObject({
      failure: 'unauthorized',
    });
    expect(stranger).toEqual([undefined]);
  });
});

describe('a redirect', () => {
  it('to another origin carries no authorization', async () => {
    const artifact = randomArtifact(1000);
    await bench.push(artifact, 'org/moved:1');
    const elsewhere: (string | undefined)[] = [];
    const cdn = await bench.front(({ request, forward }) => {
      elsewhere.push(request.headers.authorization);
      forward();
    });
    const front = await bench.front((exchange) => {
      const { request, response } = exchange;
      if (!request.url?.includes('/blobs/')) return exchange.forward();
      expect(request.headers.authorization).toBe('Bearer mine');
      return void response.writeHead(307, { location: `http://${cdn.host}${request.url}` }).end();
    });
    const { model } = await bench.pull(await bench.store(), 'org/moved:1', {
      host: front.host,
      bearerToken: 'mine',
    });
    expect(model.id).toBe(artifact.id);
    expect(elsewhere).toEqual([undefined, undefined]);
  });

  it('in circles, or to something that is no URL, ends with a sentence', async () => {
    const circle = await bench.front(
      ({ request, response }) => void response.writeHead(302, { location: request.url }).end(),
    );
    await expect(bench.pull(await bench.store(), 'org/x:1', { host: circle.host })).rejects.toThrow(
      'redirects in circles',
    );
    const odd = await bench.front(
      ({ response }) => void response.writeHead(302, { location: 'file:///etc/passwd' }).end(),
    );
    await expect(bench.pull(await bench.store(), 'org/x:1', { host: odd.host })).rejects.toThrow('is no URL');
  });
});

describe('a registry that cannot be reached', () => {
  it('is named with the reason', async () => {
    const gone = await bench.front();
    await gone.close();
    await expect(bench.pull(await bench.store(), 'org/x:1', { host: gone.host })).rejects.toMatchObject({
      failure: 'failed',
      message: `The registry ${gone.host} failed: ${gone.host} could not be reached (nothing listens there, ECONNREFUSED).`,
    });
  });

  it('counts as broken when it stays silent', async () => {
    const silent = await bench.front(() => undefined);
    const http = bench.http({ idleTimeout: 50 });
    await expect(bench.pull(await bench.store(), 'org/x:1', { host: silent.host, http })).rejects.toThrow(
      'UND_ERR_HEADERS_TIMEOUT',
    );
  }, 20_000);

  it('is not waited for once the caller has gone', async () => {
    const abort = new AbortController();
    const silent = await bench.front(() => abort.abort());
    const pull = bench.pull(await bench.store(), 'org/x:1', { host: silent.host, signal: abort.signal });
    await expect(pull).rejects.toMatchObject({ name: 'AbortError' });
  });
});

describe('a push', () => {
  it('sends each blob once, also when it has to try again', async () => {
    const artifact = randomArtifact(1000, 2000);
    const front = await bench.front(({ request, response, earlier, forward }) => {
      if (request.method !== 'POST' || earlier > 0) return forward();
      request.resume();
      return void response.writeHead(503).end();
    });
    const reference = parseModelReference(`${front.host}/org/pushed:1`);
    const http = bench.http();
    await pushArtifact({ http, artifact, reference });
    expect(front.log.filter((line) => line.startsWith('PUT'))).toHaveLength(4);
    front.log.length = 0;
    await pushArtifact({ http, artifact, reference });
    expect(front.log.map((line) => line.split(' ')[0])).toEqual(['HEAD', 'HEAD', 'HEAD', 'PUT']);
  });

  it('is refused with Unauthorized where it is not allowed', async () => {
    const front = await bench.front(({ request, response }) => {
      request.resume();
      response.writeHead(403).end();
    });
    const reference = parseModelReference(`${front.host}/org/forbidden:1`);
    await expect(
      pushArtifact({ http: bench.http(), artifact: randomArtifact(10), reference }),
    ).rejects.toMatchObject({ failure: 'unauthorized' });
  });
});
