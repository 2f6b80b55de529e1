import { randomUUID } from 'node:crypto';
import type { Names } from '#contracts';
import { onConnected, type RedisClient } from '#redis';

/** Held by the one who fetches a blob from outside of the cluster. */
export interface DownloadTurn {
  /** Bytes that have come so far, for those who wait. */
  report(bytes: number): void;
  release(): Promise<void>;
}

/** How far somebody else is. */
export interface DownloadElsewhere {
  readonly bytes: number;
}

export interface RedisDownloadTurnsOptions {
  /** A fail-fast connection. */
  readonly redis: RedisClient;
  readonly names: Names;
  readonly workerId: string;
  /** Whether a worker is heard of. */
  readonly isAlive: (workerId: string) => boolean;
}

/** A turn is renewed this often; ms. */
const RENEWAL_INTERVAL_MS = 1_000;

/** A turn that is not renewed ends after this; ms. */
const TURN_LIFE_MS = 10_000;

/** When Redis is back nobody gets a turn for so long, because those who had one are still taking it back; ms. */
const SETTLE_TIME_MS = 2_000;

/**
 * ARGV: token, holder, bytes, life in ms, token of a holder that is dead. Takes or renews a turn. Returns nothing, or
 * token, holder and bytes of the one who has it.
 */
const TAKE = `
local token = redis.call('HGET', KEYS[1], 'token')
if token and token ~= ARGV[1] and token ~= ARGV[5] then
  return redis.call('HMGET', KEYS[1], 'token', 'holder', 'bytes')
end
redis.call('HSET', KEYS[1], 'token', ARGV[1], 'holder', ARGV[2], 'bytes', ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return {}
`;

/** ARGV: token. */
const RELEASE = `
if redis.call('HGET', KEYS[1], 'token') == ARGV[1] then redis.call('DEL', KEYS[1]) end
`;

/**
 * Sees to it that one worker at a time fetches a blob. A turn ends with its holder, and outlasts a Redis that is away
 * for a moment or comes back empty. It saves traffic and nothing depends on it: where Redis cannot be asked, two may
 * fetch the same.
 */
export class RedisDownloadTurns {
  private readonly held = new Map<string, HeldTurn>();
  private connectedBefore: boolean;
  private settledAt = 0;

  constructor(private readonly options: RedisDownloadTurnsOptions) {
    this.connectedBefore = options.redis.status === 'ready';
    onConnected(options.redis, () => {
      if (this.connectedBefore) this.settledAt = performance.now() + SETTLE_TIME_MS;
      this.connectedBefore = true;
      for (const turn of this.held.values()) turn.renew();
    });
  }

  /**
   * @param digest of the blob
   * @param waited whether the caller was told to wait before. Where Redis cannot be asked, who waits goes on waiting,
   * and who comes gets a turn.
   * @returns how far another worker is that has the turn: ask again
   */
  async take(digest: string, waited: boolean): Promise<DownloadTurn | DownloadElsewhere> {
    if (performance.now() < this.settledAt) return { bytes: 0 };
    const turn = new HeldTurn((bytes, dead = '') => this.ask(digest, turn.token, bytes, dead));
    try {
      const holder = await turn.take();
      if (holder !== undefined && (this.isLive(holder) || (await turn.take(holder.token)) !== undefined)) {
        return { bytes: holder.bytes };
      }
    } catch {
      if (waited) return { bytes: 0 };
    }
    return this.hold(digest, turn);
  }

  private hold(digest: string, turn: HeldTurn): DownloadTurn {
    this.held.set(turn.token, turn);
    turn.begin();
    return {
      report: (bytes) => (turn.bytes = bytes),
      release: async () => {
        this.held.delete(turn.token);
        await turn.end();
        const key = this.options.names.downloadKey(digest);
        // One that cannot be given back now ends by itself.
        await this.options.redis.eval(RELEASE, 1, key, turn.token).catch(() => undefined);
      },
    };
  }

  private isLive({ holder, token }: Holder): boolean {
    const { workerId, isAlive } = this.options;
    return holder === workerId ? this.held.has(token) : isAlive(holder);
  }

  private async ask(digest: string, token: string, bytes: number, dead: string): Promise<Holder | undefined> {
    const { redis, names, workerId } = this.options;
    const values = [token, workerId, `${bytes}`, `${TURN_LIFE_MS}`, dead];
    const reply = await redis.eval(TAKE, 1, names.downloadKey(digest), ...values);
    const [theirs, holder, theirBytes] = reply as (string | undefined)[];
    if (theirs === undefined) return undefined;
    return { token: theirs, holder: holder ?? '', bytes: Number(theirBytes ?? 0) };
  }
}

interface Holder {
  readonly token: string;
  /** Id of a worker. */
  readonly holder: string;
  readonly bytes: number;
}

class HeldTurn {
  readonly token = randomUUID();
  bytes = 0;
  private timer: NodeJS.Timeout | undefined;
  private renewal: Promise<unknown> = Promise.resolve();

  constructor(private readonly ask: (bytes: number, dead?: string) => Promise<Holder | undefined>) {}

  take(dead?: string): Promise<Holder | undefined> {
    return this.ask(this.bytes, dead);
  }

  begin(): void {
    this.timer = setInterval(() => this.renew(), RENEWAL_INTERVAL_MS);
  }

  renew(): void {
    this.renewal = this.take().catch(() => undefined);
  }

  /** Resolves when no renewal is under way any more. */
  async end(): Promise<void> {
    clearInterval(this.timer);
    await this.renewal;
  }
}
