import { createConnection } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { AbstractConnector, Redis } from 'ioredis';
import type { HostPort, RedisAccess } from './redis-url.js';

type ErrorEmitter = (type: string, error: Error) => void;
type NetStream = Awaited<ReturnType<AbstractConnector['connect']>>;

export interface HomeOptions {
  /** Any nodes of the cluster. */
  readonly nodes: readonly HostPort[];
  readonly access: RedisAccess;
  /** The connection goes to the primary of this text's slot. */
  readonly key: string;
  /** Shown by `CLIENT LIST` while a node is asked. */
  readonly name: string;
}

/** One node must say within this where the primaries are; ms. */
const LOOKUP_TIMEOUT_MS = 1_000;
/** Pause when no node has said it; ms. */
const LOOKUP_PAUSE_MS = 250;

/**
 * Connects to the primary of a Redis Cluster that owns a slot, wherever it is by now. When it cannot be reached, the
 * next attempt goes to another primary: what is published reaches all of them.
 */
export function homeConnector(home: HomeOptions): new (options: unknown) => AbstractConnector {
  return class HomeConnector extends AbstractConnector {
    private known: readonly HostPort[] = home.nodes;
    /** Where the last attempt went that has not succeeded. */
    private unreachable: HostPort | undefined;

    constructor() {
      super(LOOKUP_TIMEOUT_MS);
    }

    /** The client gives up for good when this rejects: it does so only after `disconnect`. */
    override async connect(emit: ErrorEmitter): Promise<NetStream> {
      this.connecting = true;
      for (;;) {
        const address = await this.choose(emit);
        if (!this.connecting) throw new Error('Connection is closed.');
        if (address !== undefined) return this.open(address);
        await sleep(LOOKUP_PAUSE_MS);
      }
    }

    /** Called when the server has answered its first commands. */
    override check(): boolean {
      this.unreachable = undefined;
      return true;
    }

    private async choose(emit: ErrorEmitter): Promise<HostPort | undefined> {
      let failure: Error | undefined;
      const nodes = merge(this.known, home.nodes);
      const suspects = nodes.filter((node) => same(node, this.unreachable));
      for (const node of [...nodes.filter((node) => !suspects.includes(node)), ...suspects]) {
        if (!this.connecting) return undefined;
        try {
          const [owner, ...others] = await primaries(node, home);
          this.known = owner === undefined ? others : [owner, ...others];
          return owner !== undefined && same(owner, this.unreachable) ? (others[0] ?? owner) : owner;
        } catch (error) {
          failure = error as Error;
        }
      }
      if (failure !== undefined) emit('error', failure);
      return undefined;
    }

    private open(address: HostPort): NetStream {
      const { tls } = home.access;
      this.unreachable = address;
      const socket = tls ? connectTls({ ...address, ...tls }) : createConnection({ ...address });
      socket.once('error', (error) => (this.firstError = error));
      this.stream = socket;
      return socket;
    }
  };
}

/** All primaries as one node knows them, the one that owns the slot first. */
async function primaries(node: HostPort, home: HomeOptions): Promise<readonly HostPort[]> {
  const redis = new Redis({
    ...node,
    ...home.access,
    connectionName: home.name,
    connectTimeout: LOOKUP_TIMEOUT_MS,
    commandTimeout: LOOKUP_TIMEOUT_MS,
    disconnectTimeout: LOOKUP_TIMEOUT_MS,
    enableReadyCheck: false,
    retryStrategy: () => null,
    replyMapping: 'legacy',
  });
  redis.on('error', () => undefined);
  try {
    const [slot, ranges] = await Promise.all([redis.cluster('KEYSLOT', home.key), redis.cluster('SLOTS')]);
    const owned = readRanges(ranges, node);
    const owner = owned.find(({ first, last }) => first <= slot && slot <= last);
    if (owner === undefined) throw new Error('The Redis Cluster has slots that no node owns.');
    return merge(
      [owner.primary],
      owned.map(({ primary }) => primary),
    );
  } finally {
    redis.disconnect();
  }
}

interface SlotRange {
  readonly first: number;
  readonly last: number;
  readonly primary: HostPort;
}

/** @param asked a node that does not know its own address leaves it out */
function readRanges(ranges: unknown, asked: HostPort): readonly SlotRange[] {
  if (!Array.isArray(ranges)) return [];
  return ranges.map(([first, last, [host, port]]: [number, number, [string | null, number]]) => ({
    first,
    last,
    primary: { host: host || asked.host, port },
  }));
}

function merge(...lists: readonly (readonly HostPort[])[]): readonly HostPort[] {
  return lists.flat().filter((node, index, all) => all.findIndex((other) => same(node, other)) === index);
}

function same(left: HostPort, right: HostPort | undefined): boolean {
  return left.host === right?.host && left.port === right.port;
}
