import { afterAll, afterEach, beforeAll } from 'vitest';
import {
  type Cluster,
  type ClusterOptions,
  eventually,
  type FixtureModel,
  fixtureModel,
  type PublishedModel,
  publishModel,
  pullModelThrough,
  type RegistryFixture,
  startCluster,
  startRegistry,
} from '#testing';
import { redisLeftovers } from './redis-leftovers.js';

/** What the tests of one file share: a cluster of processes and a registry with the fixture models. */
export interface SharedCluster {
  readonly cluster: Cluster;
  readonly registry: RegistryFixture;
  /** Publishes a fixture model as `test/<name>:1` and pulls it through the first gateway, once a file. */
  pulled(name: FixtureModel): Promise<PublishedModel>;
}

/**
 * Starts a cluster before the tests of this file and ends it after them. Fails when they leave anything in Redis, or
 * the cluster leaves a process or a socket. Shows the logs when a test has failed.
 */
export function useCluster(options: ClusterOptions | (() => Promise<ClusterOptions>)): SharedCluster {
  let cluster: Cluster | undefined;
  let registry: RegistryFixture | undefined;
  const models = new Map<FixtureModel, Promise<PublishedModel>>();
  beforeAll(async () => {
    registry = await startRegistry();
    cluster = await startCluster(typeof options === 'function' ? await options() : options);
  });
  afterEach(({ task }) => {
    if (task.result?.state === 'fail') console.error(cluster?.logs());
  });
  afterAll(async () => {
    await registry?.stop();
    try {
      if (cluster !== undefined) await expectNothingLeft(cluster.redis.url);
    } finally {
      await cluster?.stop();
      await cluster?.redis.stop();
    }
  });
  return {
    get cluster() {
      return started(cluster);
    },
    get registry() {
      return started(registry);
    },
    pulled(name) {
      const model = models.get(name) ?? publishAndPull(started(registry), started(cluster), name);
      models.set(name, model);
      return model;
    },
  };
}

/** @throws Error that names what is left of requests that have ended */
async function expectNothingLeft(redisUrl: string): Promise<void> {
  const options = { within: 30_000, what: 'Redis to hold nothing that is over' };
  await eventually(
    () => redisLeftovers(redisUrl),
    (left) => left.length === 0,
    options,
  );
}

async function publishAndPull(
  registry: RegistryFixture,
  cluster: Cluster,
  name: FixtureModel,
): Promise<PublishedModel> {
  const model = await publishModel({ registry, name: `test/${name}:1`, file: await fixtureModel(name) });
  const { text, lines } = await pullModelThrough(cluster.gateway().url, model.reference);
  if (lines.at(-1)?.type !== 'success') throw new Error(`The pull failed: ${text}`);
  return model;
}

function started<T>(fixture: T | undefined): T {
  if (fixture === undefined) throw new Error('There is no cluster before the tests of the file begin.');
  return fixture;
}
