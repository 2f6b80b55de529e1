import type { Names, RequestIdParts } from '#contracts';
import type { RedisClient } from '#redis';
import { type LogCommands, withLogCommands } from './log-commands.js';
import { type LoggedResponse, resolveLog } from './resolve-log.js';

/** The logs of responses, from which an answer can be gone on with and read again. */
export class RequestLog {
  private readonly redis: LogCommands;

  constructor(
    redis: RedisClient,
    private readonly names: Names,
  ) {
    this.redis = withLogCommands(redis);
  }

  /**
   * Takes the log over for an attempt: from now on Redis neither logs nor publishes a frame of an earlier one, and what
   * is returned is all there will ever be of those. Needed for attempts after the first. May be repeated.
   * @returns a response without frames when nothing is logged; undefined when a later attempt has the log
   * @throws FrameFormatError when the log cannot be read
   */
  async claim(address: RequestIdParts & { readonly attempt: number }): Promise<LoggedResponse | undefined> {
    const base = this.names.responsesKey(address.gatewayId);
    const bytes = await this.redis.claimLogBuffer(base, address.stream, address.attempt);
    return bytes === null ? undefined : resolveLog(bytes);
  }

  /**
   * What is logged; undefined when there is no log.
   * @throws FrameFormatError when the log cannot be read
   */
  async read({ gatewayId, stream }: RequestIdParts): Promise<LoggedResponse | undefined> {
    const bytes = await this.redis.getBuffer(this.names.logKey(gatewayId, stream));
    return bytes === null ? undefined : resolveLog(bytes);
  }

  /** Whether anything is logged. Costs next to nothing, however long the answer is. */
  async has({ gatewayId, stream }: RequestIdParts): Promise<boolean> {
    return (await this.redis.exists(this.names.logKey(gatewayId, stream))) === 1;
  }
}
