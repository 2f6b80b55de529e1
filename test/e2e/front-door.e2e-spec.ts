import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { Names } from '#contracts';
import { RedisConnections } from '#redis';
import {
  eventually,
  fixtureModel,
  makeTemporaryFolder,
  openChat,
  openRequest,
  publishModel,
  pullModelThrough,
  requestJson,
  startClusterProcess,
  streamChat,
} from '#testing';
import { useCluster } from './support/use-cluster.js';

const ADMIN = 'an-administrators-key';

const shared = useCluster({
  gateways: 2,
  workers: 1,
  engine: 'synthetic',
  gatewayEnvironment: {
    LONGSHORE_ADMIN_KEY: ADMIN,
    // Whose answers are is kept for as long as they can be asked for: here no longer than the end of the tests waits.
    LONGSHORE_REQUEST_TIMEOUT: '10s',
    LONGSHORE_LOG_RETENTION: '6s',
    LONGSHORE_RESULT_RETENTION: '6s',
    LONGSHORE_RESPONSE_RETENTION: '6s',
  },
});

interface Key {
  readonly id: string;
  readonly key: string;
}

let model = '';
const gateway = (index: number): string => shared.cluster.gateway(index).url;

/** As clients do that can send no header. */
const through = (index: number, key: string): string => `${gateway(index)}/k/${key}`;

async function createKey(index: number, fields: object): Promise<Key> {
  const url = `${through(index, ADMIN)}/keys`;
  const { status, json } = await requestJson({ url, body: { name: 'test', ...fields } });
  expect(status).toBe(201);
  return json as Key;
}

async function deleteKey(index: number, { id }: Key): Promise<void> {
  const answer = await openRequest({ url: `${through(index, ADMIN)}/keys/${id}`, method: 'DELETE' });
  expect(answer.status).toBe(200);
}

const chat = (index: number, key: string) =>
  requestJson({
    url: `${gateway(index)}/v1/chat/completions`,
    headers: { authorization: `Bearer ${key}` },
    body: { model, messages: [{ role: 'user', content: 'Hello' }], max_tokens: 20 },
  });

const statusOf = async (index: number, key: string): Promise<number> => (await chat(index, key)).status;

beforeAll(async () => {
  const file = await fixtureModel('scripted');
  ({ reference: model } = await publishModel({ registry: shared.registry, name: 'test/scripted:1', file }));
  const { lines, text } = await pullModelThrough(through(0, ADMIN), model);
  if (lines.at(-1)?.type !== 'success') throw new Error(`The pull failed: ${text}`);
  // Its engine may need longer to start than a request may take here.
  await eventually(
    () => statusOf(0, ADMIN),
    (status) => status === 200,
    { within: 60_000, what: 'the model to be loaded' },
  );
});

describe('API keys', () => {
  it('made at one gateway open all of them, and taken back at one close all of them', async () => {
    const key = await createKey(0, {});
    expect(await statusOf(0, key.key)).toBe(200);
    expect(await statusOf(1, key.key)).toBe(200);
    await deleteKey(1, key);
    expect(await statusOf(1, key.key)).toBe(401);
    await eventually(
      () => statusOf(0, key.key),
      (status) => status === 401,
      { within: 4_000, what: 'the other gateway to hear of it' },
    );
  });

  it('let answers go on that had begun when the key was taken back', async () => {
    const key = await createKey(0, {});
    const parameters = { max_tokens: 60, synthetic: { rate: 100 } };
    const answer = await openChat(through(0, key.key), { model, prompt: 'Hello', parameters });
    await deleteKey(0, key);
    expect((await answer.whole()).toString()).toContain('[DONE]');
  });

  it('cannot be read in Redis', async () => {
    const { key, id } = await createKey(0, {});
    expect(await statusOf(0, key)).toBe(200);
    const connections = new RedisConnections({ url: shared.cluster.redis.url, name: 'test' });
    try {
      const redis = connections.patient('looking');
      await connections.ready();
      const names = new Names();
      const kept = JSON.stringify([await redis.hgetall(names.apiKeysKey()), await redis.keys('*')]);
      expect(kept).toContain(id);
      expect(kept).not.toContain(key);
      expect(shared.cluster.logs()).not.toContain(key);
    } finally {
      connections.close();
    }
    await deleteKey(0, { id, key });
  });

  it('keep to their models', async () => {
    const key = await createKey(0, { models: ['ai/*'] });
    const { status, json } = await chat(1, key.key);
    expect(status).toBe(403);
    expect(json).toMatchObject({ error: { code: 'not_allowed', type: 'permission_error' } });
    await deleteKey(0, key);
  });
});

describe('answers', () => {
  it('can be had again, gone on from and cancelled by who asked for them only', async () => {
    const [mine, other] = [await createKey(0, {}), await createKey(0, {})];
    const statusAt = async (index: number, { key }: Pick<Key, 'key'>, path: string, method = 'GET') => {
      const answer = await openRequest({ url: `${through(index, key)}${path}`, method });
      await answer.whole();
      return answer.status;
    };
    const stream = await openChat(through(0, mine.key), {
      model,
      prompt: 'Hello',
      parameters: { max_tokens: 9 },
    });
    await stream.whole();
    const streamPath = `/v1/streams/${String(stream.headers['x-longshore-request'])}`;

    const ask = (key: string, fields: object) =>
      requestJson({ url: `${through(0, key)}/v1/responses`, body: { model, input: 'Hello', ...fields } });
    const { status, json } = await ask(mine.key, {});
    expect(status).toBe(200);
    const { id } = json as { id: string };
    for (const path of [streamPath, `/v1/responses/${id}`, `/responses/${id}/input_items`]) {
      expect([path, await statusAt(1, mine, path)]).toEqual([path, 200]);
      expect([path, await statusAt(1, other, path)]).toEqual([path, 404]);
      expect([path, await statusAt(1, { key: ADMIN }, path)]).toEqual([path, 200]);
    }
    expect((await ask(mine.key, { previous_response_id: id })).status).toBe(200);
    expect((await ask(other.key, { previous_response_id: id })).status).toBe(404);
    expect(await statusAt(1, other, `/v1/responses/${id}`, 'DELETE')).toBe(404);
    expect(await statusAt(1, other, streamPath, 'DELETE')).toBe(404);
    expect(await statusAt(1, mine, `/v1/responses/${id}`, 'DELETE')).toBe(200);
    await deleteKey(0, mine);
    await deleteKey(0, other);
  });
});

describe('limits of a key', () => {
  it('hold for all gateways together', async () => {
    const key = await createKey(0, { requests_per_minute: 3 });
    const statuses: number[] = [];
    for (let i = 0; i < 5; i++) statuses.push(await statusOf(i % 2, key.key));
    expect(statuses.filter((status) => status === 200).length).toBe(3);
    expect(statuses.slice(3)).toEqual([429, 429]);
    const refused = await openRequest({
      url: `${gateway(1)}/v1/chat/completions`,
      headers: { authorization: `Bearer ${key.key}` },
      body: { model, messages: [] },
    });
    const wait = Number(refused.headers['retry-after']);
    expect(wait).toBeGreaterThanOrEqual(1);
    expect(wait).toBeLessThanOrEqual(20);
    await deleteKey(0, key);
  });

  it('count the tokens that engines say, and those of streams', async () => {
    const key = await createKey(0, { tokens_per_minute: 60 });
    const parameters = { max_tokens: 100 };
    const { text } = await streamChat(through(0, key.key), { model, prompt: 'Hello', parameters });
    expect(text).not.toBe('');
    await eventually(
      () => statusOf(1, key.key),
      (status) => status === 429,
      { within: 20_000, what: 'the other gateway to refuse a key in debt' },
    );
    await deleteKey(0, key);
  });
});

describe('a gateway on a Unix socket', () => {
  it('takes the place that one has left which was killed', async () => {
    const folder = await makeTemporaryFolder('socket');
    const socketPath = join(folder.path, 'gateway.sock');
    const start = () =>
      startClusterProcess<{ readonly socket: string; readonly tlsPort: number }>({
        name: 'gateway-on-socket',
        program: 'apps/gateway/src/main.js',
        variables: {
          LONGSHORE_REDIS_URL: shared.cluster.redis.url,
          LONGSHORE_SOCKET: socketPath,
          LONGSHORE_TLS_PORT: '0',
          LONGSHORE_TLS_DIR: join(folder.path, 'tls'),
        },
      });
    try {
      const first = await start();
      expect(first.ready.socket).toBe(socketPath);
      expect(first.ready.tlsPort).toBeGreaterThan(0);
      await expect(start()).rejects.toThrow(`another process listens on ${socketPath}`);
      await first.process.kill('SIGKILL');
      await expect(openRequest({ url: '/version', socketPath })).rejects.toThrow('ECONNREFUSED');
      const second = await start();
      expect((await openRequest({ url: '/version', socketPath })).status).toBe(200);
      const body = { model, messages: [{ role: 'user', content: 'Hello' }], max_tokens: 5 };
      const answer = await requestJson({ url: '/v1/chat/completions', socketPath, body });
      expect(answer.status).toBe(200);
      await second.process.stop();
      await expect(openRequest({ url: '/version', socketPath })).rejects.toThrow('ENOENT');
    } finally {
      await folder.remove();
    }
  });
});
