import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type CatalogueModel, type ControlMessage, Names } from '#contracts';
import { RedisConnections, type RedisClient } from '#redis';
import { eventually, startCuttingProxy, startRedis, type RedisFixture } from '#testing';
import { announcement } from './__fixtures__/announcement.js';
import {
  ControlSender,
  Presence,
  receiveControl,
  RedisCatalogue,
  RedisWorkerDirectory,
  StoreSecret,
} from './index.js';

const ID = `sha256:${'a'.repeat(64)}`;
const OTHER = `sha256:${'b'.repeat(64)}`;
const TAG = 'docker.io/ai/one:latest';
const model = (id: string, ...tags: string[]): CatalogueModel => ({
  id,
  tags,
  created: 1,
  config: { format: 'gguf' },
  size: 10,
  origin: `docker.io/ai/one@${id}`,
});

describe('what the cluster knows of itself', () => {
  let server: RedisFixture;
  let connections: RedisConnections;
  let redis: RedisClient;
  let names: Names;
  let run = 0;

  beforeAll(async () => {
    server = await startRedis({ appendOnly: true });
  });
  afterAll(() => server.stop());
  beforeEach(async () => {
    names = new Names(`cluster-test-${run++}`);
    connections = new RedisConnections({ url: server.url, name: 'test' });
    redis = connections.failFast('commands');
    await connections.ready();
  });
  afterEach(() => connections.close());

  const catalogue = async (): Promise<RedisCatalogue> => {
    const made = new RedisCatalogue({ redis, subscriber: connections.subscriber('news'), names });
    await made.start();
    return made;
  };

  describe('catalogue', () => {
    it('shows at once what another process has put, and forgets what it has removed', async () => {
      const [here, there] = [await catalogue(), await catalogue()];
      await here.put(model(ID, TAG));
      expect((await there.find('one'))?.id).toBe(ID);
      await here.remove('one', { force: false });
      expect(await here.find('one')).toBeUndefined();
      await eventually(async () => (await there.find('one')) === undefined);
    });

    it('moves a tag from one model to another', async () => {
      const models = await catalogue();
      await models.put(model(ID, TAG));
      await models.put(model(OTHER, TAG));
      expect((await models.list()).map(({ id, tags }) => [id, tags])).toEqual(
        expect.arrayContaining([
          [ID, []],
          [OTHER, [TAG]],
        ]),
      );
    });

    it('leaves out an entry that cannot be read, says so once, and shows the rest', async () => {
      const complaints: Error[] = [];
      const made = new RedisCatalogue({
        redis,
        subscriber: connections.subscriber('news'),
        names,
        onBadMessage: (error) => complaints.push(error),
      });
      await redis.hset(names.catalogueModelsKey(), 'damaged', '{"id":', 'strange', 'null');
      await made.start();
      await made.put(model(ID, TAG));
      expect(await made.list()).toEqual([model(ID, TAG)]);
      expect(await made.find('elsewhere/unknown')).toBeUndefined();
      expect(complaints).toHaveLength(2);
    });

    it('remembers what was removed until it is put again', async () => {
      const models = await catalogue();
      await models.put(model(ID, TAG));
      await models.remove('one', { force: false });
      expect(await models.removed()).toEqual(new Set([TAG, ID]));
      await models.put(model(ID, TAG));
      expect(await models.removed()).toEqual(new Set());
    });

    it('says that there is no such model', async () => {
      const models = await catalogue();
      await expect(models.remove('nothing', { force: false })).rejects.toMatchObject({
        code: 'model_not_found',
      });
    });

    it('answers from memory while Redis is away, and says so when it cannot', async () => {
      const models = await catalogue();
      await models.put(model(ID, TAG));
      await models.find('one');
      await server.kill();
      expect((await models.find('one'))?.id).toBe(ID);
      await expect(models.find('unknown')).rejects.toMatchObject({ code: 'redis_unavailable' });
      await server.restart();
      await eventually(async () => (await models.find('unknown')) === undefined);
    });

    it('tells workers what to delete from their stores', async () => {
      const models = await catalogue();
      const heard: ControlMessage[] = [];
      const ignore = (): void => undefined;
      await receiveControl({
        subscriber: connections.subscriber('control'),
        names,
        workerId: 'w1',
        handlers: {
          cancel: ignore,
          pause: ignore,
          resume: ignore,
          replay: ignore,
          'delete-model': (message) => heard.push(message),
          'tag-model': (message) => heard.push(message),
          'cancel-pull': ignore,
          unload: () => undefined,
          configure: () => undefined,
          'purge-models': (message) => heard.push(message),
        },
      });
      await models.put(model(ID, TAG, 'docker.io/ai/two:latest'));
      await models.remove('two', { force: false });
      await models.remove('one', { force: false });
      await eventually(
        () => heard.length,
        (count) => count === 2,
      );
      expect(heard.map(({ reference }) => reference)).toEqual(['docker.io/ai/two:latest', ID]);
      await models.put(model(ID, TAG));
      await models.tag('one', 'docker.io/ai/three:latest');
      await models.purge();
      await eventually(
        () => heard.length,
        (count) => count === 4,
      );
      expect(heard.slice(2)).toMatchObject([
        { kind: 'tag-model', reference: 'docker.io/ai/three:latest', modelId: ID },
        { kind: 'purge-models' },
      ]);
    });

    it('gives a model one more tag, also one that was removed or is of another model', async () => {
      const [here, there] = [await catalogue(), await catalogue()];
      const second = 'docker.io/ai/two:latest';
      await here.put(model(ID, TAG));
      await here.put(model(OTHER, second));
      await here.remove(second, { force: false });
      await here.put(model(OTHER));
      expect((await here.tag(ID.slice(7, 19), second)).id).toBe(ID);
      expect(await here.find('one')).toMatchObject({ id: ID, tags: [TAG, second] });
      expect(await here.removed()).toEqual(new Set());
      await here.tag(OTHER, TAG);
      await eventually(async () => (await there.find('one'))?.id === OTHER);
      expect((await there.find('two'))?.tags).toEqual([second]);
      await expect(here.tag('nothing', TAG)).rejects.toMatchObject({ code: 'model_not_found' });
    });

    it('forgets every model at once, and remembers that they were removed', async () => {
      const [here, there] = [await catalogue(), await catalogue()];
      await here.put(model(ID, TAG));
      await here.put(model(OTHER));
      await here.purge();
      expect(await here.list()).toEqual([]);
      await eventually(async () => (await there.find('one')) === undefined);
      expect(await there.removed()).toEqual(new Set([TAG, ID, OTHER]));
      await here.purge();
    });
  });

  describe('the secret of store servers', () => {
    it('is one for all who ask, until Redis has lost it', async () => {
      const [here, there] = [new StoreSecret(redis, names), new StoreSecret(redis, names)];
      const [one, other] = await Promise.all([here.get(), there.get()]);
      expect(one).toMatch(/^[0-9a-f]{64}$/);
      expect(other).toBe(one);
      await redis.del(names.storeSecretKey());
      const renewed = await there.refresh();
      expect(renewed).not.toBe(one);
      expect(await here.get()).toBe(one);
      expect(await here.refresh()).toBe(renewed);
    });
  });

  describe('presence', () => {
    const directory = async (): Promise<RedisWorkerDirectory> => {
      const made = new RedisWorkerDirectory({ redis, subscriber: connections.subscriber('news'), names });
      await made.start();
      return made;
    };
    const join = async (workerId: string, client = redis): Promise<Presence> => {
      const presence = new Presence({
        redis: client,
        names,
        workerId,
        describe: () => announcement(workerId),
      });
      await presence.start();
      return presence;
    };
    const ids = (workers: RedisWorkerDirectory): string[] =>
      workers.workers().map(({ workerId }) => workerId);

    it('shows workers that came before and after the watcher', async () => {
      const early = await join('early');
      const workers = await directory();
      expect(ids(workers)).toEqual(['early']);
      const late = await join('late');
      await eventually(() => ids(workers).includes('late'));
      await Promise.all([early.leave(), late.leave()]);
      workers.stop();
    });

    it('drops at once a worker that leaves, before anybody could miss it', async () => {
      const workers = await directory();
      const lost: string[] = [];
      workers.onLost((workerId) => lost.push(workerId));
      const polite = await join('polite');
      await eventually(() => ids(workers).length === 1);
      // Silence is watched no longer, so it is what the worker said.
      workers.stop();
      await polite.leave();
      await eventually(() => lost.length);
      expect(lost).toEqual(['polite']);
    });

    it('drops after about two seconds a worker that falls silent', async () => {
      const workers = await directory();
      const lost: string[] = [];
      workers.onLost((workerId) => lost.push(workerId));
      const own = new RedisConnections({ url: server.url, name: 'silent' });
      const client = own.failFast('commands');
      await own.ready();
      await join('silent', client);
      await eventually(() => ids(workers).length === 1);
      own.close();
      await eventually(() => lost.includes('silent'));
      expect(ids(workers)).toEqual([]);
      workers.stop();
    });

    it('declares nobody dead because Redis was away', async () => {
      const workers = await directory();
      const lost: string[] = [];
      workers.onLost((workerId) => lost.push(workerId));
      const presence = await join('w1');
      await eventually(() => ids(workers).includes('w1'));
      await server.kill();
      await new Promise((resolve) => setTimeout(resolve, 3_000));
      await server.restart();
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      expect(lost).toEqual([]);
      await presence.leave();
      workers.stop();
    });

    it('declares nobody dead because Redis fell silent, or because it was stopped itself', async () => {
      const proxy = await startCuttingProxy({ port: server.port });
      const behind = new RedisConnections({ url: proxy.url, name: 'behind' });
      const client = behind.failFast('commands');
      const workers = new RedisWorkerDirectory({
        redis: client,
        subscriber: behind.subscriber('news'),
        names,
      });
      await behind.ready();
      await workers.start();
      const lost: string[] = [];
      workers.onLost((workerId) => lost.push(workerId));
      const presence = await join('w1');
      await eventually(() => ids(workers).includes('w1'));
      await proxy.freeze();
      await new Promise((resolve) => setTimeout(resolve, 4_000));
      await proxy.heal();
      await eventually(() => client.status === 'ready');
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3_000);
      await new Promise((resolve) => setTimeout(resolve, 500));
      expect(lost).toEqual([]);
      await presence.leave();
      await eventually(() => lost.includes('w1'));
      workers.stop();
      behind.close();
      await proxy.stop();
    });
  });

  it('reports that nobody heard a control message', async () => {
    expect(await new ControlSender(redis, names).send('nobody', { kind: 'cancel', requestId: 'r' })).toBe(0);
  });
});
