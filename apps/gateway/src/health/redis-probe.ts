/** Tells whether Redis answers. */
export abstract class RedisProbe {
  /** Resolves when Redis has answered a PING; rejects when it cannot be reached. */
  abstract ping(): Promise<void>;
}
