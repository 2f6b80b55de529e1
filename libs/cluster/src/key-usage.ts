import { createHash } from 'node:crypto';
import type { Names } from '#contracts';
import type { RedisClient } from '#redis';
import { reachingRedis } from './reaching-redis.js';

/** Of one API key, over the whole cluster; absent = any number. */
export interface KeyLimits {
  readonly requestsPerMinute?: number | undefined;
  readonly tokensPerMinute?: number | undefined;
}

/** What a request is told of its key's limits. */
export interface LimitVerdict {
  /** What is used up; absent = the request may go on. */
  readonly exhausted?: 'requests' | 'tokens';
  /** Until it may be tried again; ms. */
  readonly retryAfter: number;
  /** What is left of this minute; absent where there is no such limit. */
  readonly remainingRequests?: number;
  readonly remainingTokens?: number;
}

/** An answer that may be read more than once. */
export interface RepeatableAnswer {
  readonly requestId: string;
  /** Time in which it may be read again; ms. */
  readonly ttl: number;
}

/**
 * What API keys use up, and what is theirs. Each limit is a bucket that holds a minute's worth and fills evenly, so that a key that was idle
 * may use a minute's worth at once. The tokens of an answer are known only afterwards, so that bucket may go into debt,
 * and refuses until it is out of it.
 */
export abstract class KeyUsage {
  /** Takes one request, where the limits have room for it. One round trip. @throws LongshoreError `redis_unavailable` */
  abstract begin(id: string, limits: KeyLimits): Promise<LimitVerdict>;

  /**
   * Takes the tokens of an answer; of one that may be read again, what it cost beyond what was taken for it before, so that
   * all who read it pay for it once. One round trip. @throws LongshoreError `redis_unavailable`
   */
  abstract charge(id: string, limits: KeyLimits, tokens: number, answer?: RepeatableAnswer): Promise<void>;

  /** Keeps for `ttl` ms that a response is the key's. Nobody waits for it; never throws. */
  abstract own(id: string, requestId: string, ttl: number): void;

  /** Id of the key whose response it is; undefined when that is not known. @throws LongshoreError `redis_unavailable` */
  abstract ownerOf(digest: string): Promise<string | undefined>;
}

const DIGEST_DIGITS = 24;

/** What the owner of a response is kept by; the Responses API names its responses by it, too. */
export function ownedDigest(requestId: string): string {
  return createHash('sha256').update(requestId).digest('hex').slice(0, DIGEST_DIGITS);
}

const MINUTE_MS = 60_000;

/**
 * A bucket is one number: the time at which it will be full again; ms. The clock is that of Redis, because gateways'
 * own differ. ARGV: requests and tokens a minute, 0 = no limit; tokens to charge, -1 to take a request; for how long
 * KEYS[2] keeps what was charged for the answer, 0 = not at all.
 * Answers: what is exhausted (0 nothing, 1 requests, 2 tokens), ms until there is room, and how many of each are left.
 */
const USE = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local minute = ${MINUTE_MS}
local per = { tonumber(ARGV[1]), tonumber(ARGV[2]) }
local kept = redis.call('HMGET', KEYS[1], 'requests', 'tokens')
local full = { math.max(now, tonumber(kept[1]) or 0), math.max(now, tonumber(kept[2]) or 0) }
local charge = tonumber(ARGV[3])
local keep = tonumber(ARGV[4])
if keep > 0 then
  local charged = tonumber(redis.call('GET', KEYS[2])) or 0
  redis.call('SET', KEYS[2], string.format('%.0f', math.max(charge, charged)), 'PX', keep)
  charge = math.max(0, charge - charged)
end
local exhausted, wait = 0, 0
if charge >= 0 then
  if per[2] > 0 then full[2] = full[2] + charge * minute / per[2] end
else
  if per[2] > 0 and full[2] - now >= minute then
    exhausted, wait = 2, full[2] - now - minute + 1
  end
  if per[1] > 0 then
    local later = full[1] + minute / per[1]
    local over = later - now - minute
    if over > 0.5 then
      if over > wait then exhausted, wait = 1, over end
    elseif exhausted == 0 then
      full[1] = later
    end
  end
end
redis.call('HSET', KEYS[1], 'requests', string.format('%.3f', full[1]), 'tokens', string.format('%.3f', full[2]))
redis.call('PEXPIRE', KEYS[1], math.ceil(math.max(full[1], full[2]) - now) + 1)
local left = {}
for i = 1, 2 do left[i] = math.max(0, math.floor((minute - (full[i] - now)) * per[i] / minute + 0.01)) end
return { exhausted, math.ceil(wait), left[1], left[2] }
`;

const COMMAND = 'longshore:use-key';

type UseKey = (...keysAndValues: readonly (string | number)[]) => Promise<readonly number[]>;

const REQUEST = -1;

/** Every key's buckets in a hash that is gone once they are full, so that idle keys take no room. */
export class RedisKeyUsage extends KeyUsage {
  constructor(
    private readonly redis: RedisClient,
    private readonly names: Names,
  ) {
    super();
    redis.defineCommand(COMMAND, { numberOfKeys: 2, lua: USE });
  }

  override async begin(id: string, limits: KeyLimits): Promise<LimitVerdict> {
    const [exhausted = 0, retryAfter = 0, requests = 0, tokens = 0] = await this.use(id, limits, REQUEST);
    return {
      ...(exhausted > 0 && { exhausted: exhausted === 1 ? 'requests' : 'tokens' }),
      retryAfter,
      ...(limits.requestsPerMinute !== undefined && { remainingRequests: requests }),
      ...(limits.tokensPerMinute !== undefined && { remainingTokens: tokens }),
    };
  }

  override async charge(
    id: string,
    limits: KeyLimits,
    tokens: number,
    answer?: RepeatableAnswer,
  ): Promise<void> {
    await this.use(id, limits, tokens, answer);
  }

  override own(id: string, requestId: string, ttl: number): void {
    const key = this.names.ownerKey(ownedDigest(requestId));
    this.redis.set(key, id, 'PX', Math.ceil(ttl)).catch(() => undefined);
  }

  override async ownerOf(digest: string): Promise<string | undefined> {
    return (await reachingRedis(() => this.redis.get(this.names.ownerKey(digest)))) ?? undefined;
  }

  private async use(
    id: string,
    { requestsPerMinute = 0, tokensPerMinute = 0 }: KeyLimits,
    charge: number,
    answer?: RepeatableAnswer,
  ): Promise<readonly number[]> {
    const command = (this.redis as unknown as Record<string, UseKey>)[COMMAND];
    const keys = [
      this.names.apiKeyLimitsKey(id),
      this.names.chargedKey(id, answer === undefined ? '' : ownedDigest(answer.requestId)),
    ];
    const values = [requestsPerMinute, tokensPerMinute, charge, Math.ceil(answer?.ttl ?? 0)];
    return reachingRedis(async () => (await command?.call(this.redis, ...keys, ...values)) ?? []);
  }
}
