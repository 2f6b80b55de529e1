import type { LoggedResponse } from '#streaming';
import type { CompletionResponse } from '../completions/completions.js';
import { type FollowOptions, type StreamName, Streams } from '../streams/streams.js';
import { Account } from './keys/account.js';

/**
 * The responses of the cluster as all rooms are given them: who reads one that began without a reader pays for what
 * nobody has paid for yet.
 */
export class ChargedStreams extends Streams {
  constructor(private readonly cluster: Streams) {
    super();
  }

  override async follow(
    name: StreamName,
    options: FollowOptions,
    signal: AbortSignal,
  ): Promise<CompletionResponse> {
    const account = Account.current();
    const { body, ...head } = await this.cluster.follow(name, options, signal);
    const requestId = head.headers['x-longshore-request'];
    return { ...head, body: account?.measure(body, requestId) ?? body };
  }

  override async snapshot(requestId: string): Promise<LoggedResponse | undefined> {
    const account = Account.current();
    const logged = await this.cluster.snapshot(requestId);
    if (logged !== undefined) account?.count(logged.body, requestId);
    return logged;
  }

  override cancel(name: StreamName): Promise<void> {
    return this.cluster.cancel(name);
  }
}
