import { eventually } from '../eventually.js';
import { askRedis } from './ask-redis.js';
import { findFreePort } from './free-port.js';
import { type RedisFixture, startRedis } from './redis.js';

/** A real Redis Cluster of primaries without replicas, with all slots shared out among them. */
export interface RedisClusterFixture extends RedisFixture {
  /** The nodes, in the order of their slots. One that is killed leaves its slots without an owner until it is back. */
  readonly nodes: readonly RedisFixture[];
}

const SLOTS = 16_384;
const ATTEMPTS = 3;
const SETTINGS = '--cluster-enabled yes --cluster-node-timeout 2000 --cluster-announce-ip 127.0.0.1'.split(
  ' ',
);
const READY = { within: 20_000, every: 25, what: 'the Redis Cluster to be whole' };

/**
 * `kill` and `restart` are for all nodes at once, `port` and `pid` those of the first.
 * @throws ChildServerError when redis-server is missing or does not start
 */
export async function startRedisCluster(count = 3): Promise<RedisClusterFixture> {
  const started = await Promise.allSettled(Array.from({ length: count }, () => startNode()));
  const nodes = started.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
  const onAll = async (act: (node: RedisFixture) => Promise<void>): Promise<void> => {
    await Promise.all(nodes.map(act));
  };
  try {
    const failed = started.find((outcome) => outcome.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    await join(nodes);
  } catch (error) {
    await onAll((node) => node.stop());
    throw error;
  }
  const [first] = nodes;
  return {
    nodes,
    url: `redis+cluster://${nodes.map(({ port }) => `127.0.0.1:${port}`).join(',')}`,
    port: first?.port ?? 0,
    get pid() {
      return first?.pid ?? 0;
    },
    kill: () => onAll((node) => node.kill()),
    async restart() {
      await onAll((node) => node.restart());
      await whole(nodes);
    },
    stop: () => onAll((node) => node.stop()),
  };
}

/** Its bus gets a port of its own: 10000 above the other one there may be none. */
async function startNode(): Promise<RedisFixture> {
  for (let attempt = 1; ; attempt++) {
    const bus = String(await findFreePort());
    try {
      return await startRedis({ appendOnly: true, arguments: [...SETTINGS, '--cluster-port', bus] });
    } catch (error) {
      if (attempt === ATTEMPTS) throw error;
    }
  }
}

async function join(nodes: readonly RedisFixture[]): Promise<void> {
  const [first] = nodes;
  const share = SLOTS / nodes.length;
  await Promise.all(
    nodes.map(async ({ port }, index) => {
      const slots = `${Math.round(index * share)} ${Math.round((index + 1) * share) - 1}`;
      await demand(port, `CLUSTER SET-CONFIG-EPOCH ${index + 1}`);
      await demand(port, `CLUSTER ADDSLOTSRANGE ${slots}`);
    }),
  );
  const bus = await busPortOf(first?.port ?? 0);
  for (const { port } of nodes.slice(1)) await demand(port, `CLUSTER MEET 127.0.0.1 ${first?.port} ${bus}`);
  await whole(nodes);
}

async function busPortOf(port: number): Promise<number> {
  return Number(/@(\d+)/.exec(await askRedis(port, 'CLUSTER NODES'))?.[1]);
}

async function whole(nodes: readonly RedisFixture[]): Promise<void> {
  const look = (): Promise<readonly string[]> =>
    Promise.all(nodes.map(({ port }) => askRedis(port, 'CLUSTER INFO')));
  const complete = (info: string): boolean =>
    info.includes('cluster_state:ok') && info.includes(`cluster_known_nodes:${nodes.length}\r`);
  await eventually(look, (infos) => infos.every(complete), READY);
}

async function demand(port: number, command: string): Promise<void> {
  const answer = await askRedis(port, command);
  if (answer !== '+OK') throw new Error(`Redis answered ${JSON.stringify(answer)} to ${command}.`);
}
