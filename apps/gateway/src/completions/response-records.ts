import {
  ENVELOPE_VERSION,
  type Frame,
  IdempotencyClaim,
  type Names,
  parseContract,
  ResponseRecord,
} from '#contracts';
import type { RedisClient } from '#redis';
import { encodeBatch, encodeLog } from '#streaming';

/** A gateway that has not renewed its sign of life for so long counts as gone; ms. */
const GATEWAY_EXPIRY_MS = 5_000;

/** A reader on another gateway that has not been heard of for so long counts as gone; ms. */
const READER_EXPIRY_MS = 5_000;

export interface EndLogOptions {
  /** Whose response it is. */
  readonly gatewayId: string;
  /** ms. */
  readonly retention: number;
  /** Whether responses have logs. */
  readonly logged: boolean;
}

/**
 * What gateways keep in Redis for each other about responses, beside their logs. Every method rejects at once while
 * Redis is away.
 */
export class ResponseRecords {
  constructor(
    private readonly redis: RedisClient,
    private readonly names: Names,
  ) {}

  /** Whether there is any point in asking. */
  get reachable(): boolean {
    return this.redis.status === 'ready';
  }

  /**
   * Keeps a record. One that is there stays, but for its deadline: a request that is put in again has more time.
   * @returns the one that stands
   */
  async put(record: ResponseRecord, ttl: number): Promise<ResponseRecord> {
    const key = this.names.responseRecordKey(record.requestId);
    const keep = ['PX', Math.ceil(ttl)] as const;
    const written = await this.redis.set(key, JSON.stringify(record), ...keep, 'NX');
    if (written !== null) return record;
    const standing = (await this.read(record.requestId)) ?? record;
    if (standing.deadline >= record.deadline) return standing;
    const renewed = { ...standing, deadline: record.deadline };
    await this.redis.set(key, JSON.stringify(renewed), ...keep);
    return renewed;
  }

  async read(requestId: string): Promise<ResponseRecord | undefined> {
    const text = await this.redis.get(this.names.responseRecordKey(requestId));
    return text === null ? undefined : parseContract(ResponseRecord, text);
  }

  /** From now on the record is kept for so long; ms. */
  async keepFor(requestId: string, ttl: number): Promise<void> {
    await this.redis.pexpire(this.names.responseRecordKey(requestId), Math.ceil(ttl));
  }

  async forget(requestId: string): Promise<void> {
    await this.redis.del(this.names.responseRecordKey(requestId));
  }

  /** Gives a key to a request. @returns undefined when it was free, else what it was given to before */
  async claim(
    key: string,
    claim: Omit<IdempotencyClaim, 'version'>,
    ttl: number,
  ): Promise<IdempotencyClaim | undefined> {
    const text = JSON.stringify({ version: ENVELOPE_VERSION, ...claim });
    const name = this.names.idempotencyKey(key);
    if ((await this.redis.set(name, text, 'PX', Math.ceil(ttl), 'NX')) !== null) return undefined;
    return (await this.claimOf(key)) ?? this.claim(key, claim, ttl);
  }

  async claimOf(key: string): Promise<IdempotencyClaim | undefined> {
    const text = await this.redis.get(this.names.idempotencyKey(key));
    return text === null ? undefined : parseContract(IdempotencyClaim, text);
  }

  /** From now on a claim is kept for so long; ms. */
  async keepClaim(key: string, ttl: number): Promise<void> {
    await this.redis.pexpire(this.names.idempotencyKey(key), Math.ceil(ttl));
  }

  async release(key: string): Promise<void> {
    await this.redis.del(this.names.idempotencyKey(key));
  }

  /** Says that somebody here reads a response of another gateway, or one whose first client has gone. */
  async noteReader(requestId: string): Promise<void> {
    await this.redis.set(this.names.readersKey(requestId), '1', 'PX', READER_EXPIRY_MS);
  }

  async hasReader(requestId: string): Promise<boolean> {
    return (await this.redis.exists(this.names.readersKey(requestId))) === 1;
  }

  /** Ends a response that no worker will end: in its log and for those who listen. */
  async endLog(fin: Frame, { gatewayId, retention, logged }: EndLogOptions): Promise<void> {
    const key = this.names.logKey(gatewayId, fin.stream);
    if (logged) {
      await this.redis.append(key, encodeLog([fin]));
      await this.redis.pexpire(key, Math.ceil(retention));
    }
    await this.redis.publish(this.names.replyChannel(gatewayId), encodeBatch([fin]));
  }

  /** Says that this gateway lives. */
  async announce(gatewayId: string): Promise<void> {
    await this.redis.set(this.names.gatewayKey(gatewayId), '1', 'PX', GATEWAY_EXPIRY_MS);
  }

  /** Says that this gateway is about to end. */
  async leave(gatewayId: string): Promise<void> {
    await this.redis.del(this.names.gatewayKey(gatewayId));
  }

  /** Whether a gateway has lately said that it lives. One that lives may be forgotten for a second after an outage. */
  async isAlive(gatewayId: string): Promise<boolean> {
    return (await this.redis.exists(this.names.gatewayKey(gatewayId))) === 1;
  }
}
