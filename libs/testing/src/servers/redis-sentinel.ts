import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually } from '../eventually.js';
import { makeTemporaryFolder } from '../temporary-folder.js';
import { askRedis } from './ask-redis.js';
import { type ChildServer, startChildServer } from './child-server.js';
import { findFreePort } from './free-port.js';
import { type RedisFixture, startRedis } from './redis.js';

/** A real primary with one replica, watched by a sentinel that makes the other one primary 1 s after one fell silent. */
export interface RedisSentinelFixture extends RedisFixture {
  /** Both servers. */
  readonly servers: readonly RedisFixture[];
  /** The port of the sentinel. */
  readonly sentinelPort: number;
  /** The one that the sentinel calls the primary. */
  primary(): Promise<RedisFixture>;
  /** Kills the primary and resolves when the sentinel calls the other server the primary. */
  failOver(): Promise<void>;
}

const NAME = 'mymaster';
const ATTEMPTS = 3;
const WITHIN = { within: 20_000, every: 25 };

/**
 * `kill` and `restart` are for both servers, `port` and `pid` those of the first primary.
 * @throws ChildServerError when redis-server is missing or does not start
 */
export async function startRedisSentinel(): Promise<RedisSentinelFixture> {
  const first = await startRedis({ appendOnly: true });
  const started: { stop(): Promise<void> }[] = [first];
  try {
    const second = await startReplica(first.port);
    started.push(second);
    const sentinel = await startSentinel(first.port);
    started.push(sentinel);
    return fixture([first, second], sentinel);
  } catch (error) {
    await Promise.all(started.map((server) => server.stop()));
    throw error;
  }
}

function fixture(
  servers: readonly [RedisFixture, RedisFixture],
  sentinel: { readonly port: number; stop(): Promise<void> },
): RedisSentinelFixture {
  const [first] = servers;
  const primary = (): Promise<RedisFixture> => primaryOf(servers, sentinel.port);
  return {
    servers,
    sentinelPort: sentinel.port,
    url: `redis+sentinel://127.0.0.1:${sentinel.port}/${NAME}`,
    port: first.port,
    get pid() {
      return first.pid;
    },
    primary,
    async failOver() {
      const old = await primary();
      await old.kill();
      await eventually(primary, (now) => now !== old, { ...WITHIN, what: 'the replica to be primary' });
    },
    async kill() {
      await Promise.all(servers.map((server) => server.kill()));
    },
    async restart() {
      await Promise.all(servers.map((server) => server.restart()));
    },
    async stop() {
      await sentinel.stop();
      await Promise.all(servers.map((server) => server.stop()));
    },
  };
}

async function startReplica(primaryPort: number): Promise<RedisFixture> {
  await askRedis(primaryPort, 'CONFIG SET repl-diskless-sync-delay 0');
  const replica = await startRedis({
    appendOnly: true,
    arguments: ['--replicaof', `127.0.0.1 ${primaryPort}`],
  });
  await eventually(
    () => askRedis(replica.port, 'INFO replication'),
    (info) => info.includes('master_link_status:up'),
    { ...WITHIN, what: 'the replica to follow its primary' },
  );
  // A primary keeps back what is written until the replica has spoken for the first time.
  await askRedis(primaryPort, 'SET probe x');
  await eventually(
    () => askRedis(replica.port, 'EXISTS probe'),
    (answer) => answer === ':1',
    { ...WITHIN, what: 'the replica to have what is written' },
  );
  await askRedis(primaryPort, 'DEL probe');
  return replica;
}

async function startSentinel(primaryPort: number): Promise<{ port: number; stop(): Promise<void> }> {
  const folder = await makeTemporaryFolder('sentinel');
  try {
    const { port, server } = await launch(folder.path, primaryPort);
    await eventually(
      () => askRedis(port, `SENTINEL REPLICAS ${NAME}`),
      (answer) => answer.includes('slave'),
      { ...WITHIN, what: 'the sentinel to know the replica' },
    );
    return {
      port,
      async stop() {
        await server.end('SIGKILL');
        await folder.remove();
      },
    };
  } catch (error) {
    await folder.remove();
    throw error;
  }
}

async function launch(
  directory: string,
  primaryPort: number,
): Promise<{ readonly port: number; readonly server: ChildServer }> {
  for (let attempt = 1; ; attempt++) {
    const port = await findFreePort();
    const file = join(directory, 'sentinel.conf');
    await writeFile(file, configuration(directory, port, primaryPort));
    try {
      const server = await startChildServer({
        command: 'redis-server',
        arguments: [file, '--sentinel'],
        directory,
        ready: /\+monitor master/,
        missing:
          'redis-server is not installed; on Debian and Ubuntu "apt-get install redis-server" brings it.',
      });
      return { port, server };
    } catch (error) {
      if (attempt === ATTEMPTS) throw error;
    }
  }
}

/** Sentinels write what they learn into their configuration. */
function configuration(directory: string, port: number, primaryPort: number): string {
  return `bind 127.0.0.1
port ${port}
dir ${directory}
sentinel monitor ${NAME} 127.0.0.1 ${primaryPort} 1
sentinel down-after-milliseconds ${NAME} 1000
sentinel failover-timeout ${NAME} 3000
`;
}

async function primaryOf(servers: readonly RedisFixture[], sentinelPort: number): Promise<RedisFixture> {
  const answer = await askRedis(sentinelPort, `SENTINEL GET-MASTER-ADDR-BY-NAME ${NAME}`);
  const primary = servers.find(({ port }) => answer.endsWith(`\r\n${port}`));
  if (primary === undefined) throw new Error(`The sentinel named no server of ours: ${answer}`);
  return primary;
}
