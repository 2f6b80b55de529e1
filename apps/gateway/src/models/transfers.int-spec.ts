import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { Readable } from 'node:stream';
import { describe, expect, it, vi } from 'vitest';
import { sendStubbornly } from '#testing';
import { FakeStoreServer, refuse } from '../__fakes__/fake-store-server.js';
import {
  ID,
  NEW_ID,
  FORMS,
  IDS,
  fake,
  stores,
  call,
  ask,
  answer,
  calls,
  useStoreGateway,
} from '../__fakes__/use-store-gateway.js';

useStoreGateway();

const LINE = '{"type":"progress","message":"","total":9,"layer":{"size":9,"current":4},"mode":"push"}\n';
const SUCCESS =
  '{"type":"success","message":"Model pushed successfully","total":0,"layer":{"size":0,"current":0},"mode":"push"}\n';

describe('POST /models/{m}/push', () => {
  it('passes the lines of a worker on, and the wish of the client to it', async () => {
    answer(`POST /models/${ID}/push`, (_call, response) => void response.end(LINE + SUCCESS));
    const response = await call('POST', '/models/ai/smollm2/push', { 'bearer-token': 't' });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(await response.text()).toBe(LINE + SUCCESS);
    expect(calls().map(({ body }) => JSON.parse(body.toString()) as unknown)).toEqual([
      { reference: 'docker.io/ai/smollm2:latest', bearerToken: 't' },
    ]);
  });

  it('needs no body', async () => {
    answer(`POST /models/${ID}/push`, (_call, response) => void response.end(SUCCESS));
    expect(await ask('POST', '/models/smollm2/push')).toEqual([200, SUCCESS]);
  });

  it.each([
    [401, 'Unauthorized\n', 401],
    [404, 'Model not found\n', 404],
    [503, 'because\n', 500],
    [507, 'because\n', 500],
  ] as const)(
    'that fails before its first line with %i is answered with "%s"',
    async (status, text, shown) => {
      answer(`POST /models/${ID}/push`, (_call, response) => refuse(response, status, 'x', 'because'));
      expect(await ask('POST', '/models/smollm2/push')).toEqual([shown, text]);
    },
  );

  it('refuses a body that is none, a name that is none, an id, and a model there is not', async () => {
    const [status, text] = await ask('POST', '/models/smollm2/push', []);
    expect([status, text]).toEqual([400, 'invalid request body: it is not a JSON object\n']);
    for (const wrong of ['UPPER CASE!', ID])
      expect((await ask('POST', `/models/${wrong}/push`))[1]).toMatch(/^Invalid model reference/);
    expect(await ask('POST', '/models/nobody/push')).toEqual([404, 'Model not found\n']);
  });

  it('goes to another worker when the first dies before its first line', async () => {
    const [first, second] = stores as [FakeStoreServer, FakeStoreServer];
    // The order is that of chance, so both must have been first once.
    for (const [dying, living] of [
      [first, second],
      [second, first],
    ] as const) {
      dying.answers.set(
        `POST /models/${ID}/push`,
        (_call, _response, request) => void request.socket.destroy(),
      );
      living.answers.set(`POST /models/${ID}/push`, (_call, response) => void response.end(SUCCESS));
      for (const start = dying.calls.length; dying.calls.length === start;)
        expect(await ask('POST', '/models/smollm2/push')).toEqual([200, SUCCESS]);
    }
  });

  it('goes to another worker when the first is declared dead while it is silent', async () => {
    answer(`POST /models/${ID}/push`, (_call, response, request) => {
      const asked = stores.findIndex((store) => store.url.endsWith(`:${request.socket.localPort}`));
      if (calls().length > 1) response.end(SUCCESS);
      else fake.cluster.workers.lose(`w${asked + 1}`);
    });
    expect(await ask('POST', '/models/smollm2/push')).toEqual([200, SUCCESS]);
    expect(calls()).toHaveLength(2);
  });

  it('that breaks off half-way breaks the connection, so that the client tries again', async () => {
    answer(`POST /models/${ID}/push`, (_call, response, request) => {
      response.write(LINE, () => request.socket.destroy());
    });
    await expect(ask('POST', '/models/smollm2/push')).rejects.toThrow('terminated');
  });

  it('ends on the worker when the client hangs up', async () => {
    answer(`POST /models/${ID}/push`, (_call, response) => void response.write(LINE));
    const response = await call('POST', '/models/smollm2/push');
    await response.body?.cancel();
    await vi.waitFor(() => expect(stores.reduce((sum, { hangUps }) => sum + hangUps, 0)).toBe(1), 20_000);
  });

  it('says so in a sentence when no live worker has the model, or none can be reached', async () => {
    fake.cluster.workers.alive = stores.map((store, index) => store.announcement(`w${index}`, []));
    expect(await ask('POST', '/models/smollm2/push')).toEqual([
      500,
      'No live worker has the files of smollm2; pull it again.\n',
    ]);
    fake.cluster.workers.alive = stores.map((store, index) => store.announcement(`w${index}`, [ID]));
    await Promise.all(stores.map((store) => store.stop()));
    const [status, text] = await ask('POST', '/models/smollm2/push');
    expect([status, text]).toEqual([
      500,
      expect.stringMatching(/^No model store answers: w\d: .*; w\d: .*\.\n$/),
    ]);
  });

  it('goes on after Redis has lost the secret and workers have made another', async () => {
    answer(`POST /models/${ID}/push`, (_call, response) => void response.end(SUCCESS));
    expect(await ask('POST', '/models/smollm2/push')).toEqual([200, SUCCESS]);
    fake.cluster.storeSecret.kept = 'cd'.repeat(32);
    for (const store of stores) store.secret.value = 'cd'.repeat(32);
    expect(await ask('POST', '/models/smollm2/push')).toEqual([200, SUCCESS]);
  });
});

describe('GET /models/{m}/export', () => {
  const TAR = Buffer.alloc(3 * 1024 * 1024, 'tar');

  it.each([...FORMS, ...IDS])('streams the archive of %s', async (form) => {
    answer(`GET /models/${ID}/export`, (_call, response) => {
      response.writeHead(200, { 'content-type': 'application/x-tar', 'content-length': TAR.length });
      response.end(TAR);
    });
    const response = await call('GET', `/models/${form}/export`);
    expect(response.status).toBe(200);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'application/x-tar',
      'content-disposition': `attachment; filename="${form}.tar"`,
      'content-length': String(TAR.length),
    });
    expect(Buffer.from(await response.arrayBuffer()).equals(TAR)).toBe(true);
  });

  it('takes from the worker only what the client takes', async () => {
    let sent = 0;
    answer(`GET /models/${ID}/export`, (_call, response) => {
      const endless = function* () {
        for (; sent < 2 ** 28; sent += 2 ** 16) yield Buffer.alloc(2 ** 16);
      };
      Readable.from(endless()).pipe(response);
    });
    const client = httpRequest(`${fake.url}/models/smollm2/export`).end();
    const [response] = (await once(client, 'response')) as [NodeJS.ReadableStream];
    response.pause();
    // Nothing moves any more once all buffers are full; then the gateway gives up a client that stands still.
    await vi.waitFor(() => expect(stores.reduce((sum, { hangUps }) => sum + hangUps, 0)).toBe(1), 20_000);
    expect(sent).toBeLessThan(2 ** 27);
    client.destroy();
  });

  it('asks another worker when one has the model no longer', async () => {
    stores[0]?.answers.set(`GET /models/${ID}/export`, (_call, response) => void response.end(TAR));
    for (const start = stores[1]?.calls.length; stores[1]?.calls.length === start;)
      expect((await call('GET', '/models/smollm2/export')).status).toBe(200);
  });

  it('says 404 in text for a model there is not', async () => {
    expect(await ask('GET', '/models/nobody/export')).toEqual([404, 'model not found: nobody\n']);
  });
});

describe('POST /models/package', () => {
  const send = (
    query: string,
    type = 'application/octet-stream',
    body: Buffer | Readable = Buffer.from('GGUF'),
  ) =>
    fetch(`${fake.url}/models/package${query}`, {
      method: 'POST',
      headers: { 'content-type': type },
      body: body instanceof Readable ? Readable.toWeb(body) : new Uint8Array(body),
      duplex: 'half',
    });

  it('sends the files to a worker as they are, with what they are to become, and gives the name', async () => {
    const path = '/models/package?target=docker.io%2Fai%2Fmine%3Alatest&contextSize=512';
    const stored = JSON.stringify({ modelId: ID });
    answer('POST /models/package', (_call, response) => void response.end(stored));
    const response = await send('?target=mine&context_size=512');
    expect([response.status, response.headers.get('x-longshore-model')]).toEqual([200, ID]);
    expect(await response.json()).toMatchObject({ type: 'success', message: 'Model packaged successfully' });
    const [sent] = calls().filter((each) => each.path === path);
    expect(sent?.body.toString()).toBe('GGUF');
    expect(sent?.headers['content-type']).toBe('application/octet-stream');
    const tags = (await (await call('GET', '/models/mine')).json()) as { tags: string[] };
    expect(tags.tags).toContain('docker.io/ai/mine:latest');
  });

  it.each([
    ['', 400, 'missing target query parameter: the name of the model\n'],
    [
      '?target=a&file=/etc/passwd',
      400,
      'unknown query parameter "file": there are target and context_size\n',
    ],
    ['?target=a&context_size=0', 400, 'context_size must be a whole number of tokens above 0\n'],
    ['?target=a&context_size=9999999999', 400, 'context_size must be a whole number of tokens above 0\n'],
  ])('refuses the query "%s"', async (query, status, text) => {
    const response = await send(query);
    expect([response.status, await response.text()]).toEqual([status, text]);
  });

  it('needs a length and a type, and tells why a worker refuses', async () => {
    const endless = await send('?target=a', 'application/x-tar', Readable.from([Buffer.from('tar')]));
    expect([endless.status, await endless.text()]).toEqual([
      411,
      'the length of the files is needed: send Content-Length\n',
    ]);
    expect((await send('?target=a', 'text/plain')).status).toBe(415);
    for (const [status, shown] of [
      [400, 400],
      [507, 507],
      [502, 500],
    ] as const) {
      answer('POST /models/package', (_call, response) => refuse(response, status, 'x', 'because'));
      const response = await send('?target=a', 'application/x-tar');
      expect([response.status, await response.text()]).toEqual([shown, 'because\n']);
    }
  });
});

describe('POST /models/load', () => {
  const send = (body: Buffer | Readable, type = 'application/x-tar') =>
    fetch(`${fake.url}/models/load`, {
      method: 'POST',
      headers: { 'content-type': type },
      body: body instanceof Readable ? Readable.toWeb(body) : new Uint8Array(body),
      duplex: 'half',
    });

  it('sends the archive to a worker as it is, however large, and says success in one line', async () => {
    const tar = Buffer.alloc(24 * 1024 * 1024, 'archive');
    answer('POST /models/load', (_call, response) => void response.end(JSON.stringify({ modelId: NEW_ID })));
    const response = await send(tar);
    expect(response.status).toBe(200);
    expect(response.headers.get('x-longshore-model')).toBe(NEW_ID);
    expect(JSON.parse(await response.text())).toEqual({
      type: 'success',
      message: 'Model loaded successfully',
      total: 0,
      layer: { size: 0, current: 0 },
      mode: 'pull',
    });
    const loads = calls().filter(({ path }) => path === '/models/load');
    expect(loads).toHaveLength(1);
    expect(loads[0]?.body.equals(tar)).toBe(true);
    expect(loads[0]?.headers).toMatchObject({ 'content-length': String(tar.length) });
  });

  it('prefers the worker with the emptiest store that does not leave', async () => {
    fake.cluster.workers.alive = stores.map((store, index) => ({
      ...store.announcement(`w${index}`, []),
      storeBytes: 10 - index,
    }));
    answer('POST /models/load', (_call, response) => void response.end(JSON.stringify({ modelId: NEW_ID })));
    await send(Buffer.from('tar'));
    expect(stores.map((store) => store.calls.some(({ path }) => path === '/models/load'))).toEqual([
      false,
      true,
    ]);
  });

  it('passes over a worker that cannot be reached', async () => {
    await stores[0]?.stop();
    answer('POST /models/load', (_call, response) => void response.end(JSON.stringify({ modelId: NEW_ID })));
    expect((await send(Readable.from([Buffer.from('t'), Buffer.from('ar')]))).status).toBe(200);
    expect(stores[1]?.calls.at(-1)?.body.toString()).toBe('tar');
  });

  it('tells why a worker refuses, also before it has read the archive', async () => {
    for (const store of stores) store.readsBody = () => false;
    answer('POST /models/load', (_call, response) => refuse(response, 507, 'no-room', 'The store is full.'));
    const response = await send(Buffer.alloc(100_000));
    expect([response.status, await response.text()]).toEqual([500, 'The store is full.\n']);
  });

  it.each([false, true])(
    'tells it so that the client reads it, also one that sends all before it reads; chunked: %s',
    async (chunked) => {
      for (const store of stores) store.readsBody = () => false;
      answer('POST /models/load', (_call, response) =>
        refuse(response, 507, 'no-room', 'The store is full.'),
      );
      const headers = { 'content-type': 'application/x-tar' };
      const text = await sendStubbornly({ url: `${fake.url}/models/load`, headers, megabytes: 8, chunked });
      expect(text).toMatch(/^HTTP\/1\.1 500 [^]*\r\n\r\nThe store is full\.\n$/);
    },
  );

  it('hangs up on the worker when the client hangs up', async () => {
    for (const store of stores) store.readsBody = () => false;
    const cut = vi.fn<() => void>();
    answer('POST /models/load', (_call, _response, request) => void request.resume().once('error', cut));
    const client = httpRequest(`${fake.url}/models/load`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-tar' },
    });
    client.on('error', () => undefined);
    client.write('some');
    await vi.waitFor(() => expect(calls().some(({ path }) => path === '/models/load')).toBe(true), 20_000);
    client.destroy();
    await vi.waitFor(() => expect(cut).toHaveBeenCalledOnce(), 20_000);
  });

  it('hangs up on the worker when the client sends nothing any more', async () => {
    for (const store of stores) store.readsBody = () => false;
    const cut = vi.fn<() => void>();
    answer('POST /models/load', (_call, _response, request) => void request.resume().once('error', cut));
    const client = httpRequest(`${fake.url}/models/load`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-tar' },
    });
    client.write('some');
    await expect(once(client, 'response')).rejects.toThrow(/hang up|reset/i);
    await vi.waitFor(() => expect(cut).toHaveBeenCalledOnce(), 20_000);
  });

  it.each(['application/json', 'text/plain', 'application/gzip'])('refuses %s with 415', async (type) => {
    const response = await send(Buffer.from('{}'), type);
    expect([response.status, await response.text()]).toEqual([
      415,
      `Content-Type "${type}" is no archive; send Content-Type: application/x-tar.\n`,
    ]);
    expect(calls()).toEqual([]);
  });

  it('says so when no worker serves its store', async () => {
    fake.cluster.workers.alive = [];
    const response = await send(Buffer.from('tar'));
    expect([response.status, await response.text()]).toEqual([
      500,
      'No live worker serves its model store.\n',
    ]);
  });

  it('leaves archives elsewhere unread', async () => {
    const response = await fetch(`${fake.url}/models/create`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-tar' },
      body: 'tar',
    });
    expect(response.status).toBe(415);
  });
});
