import { AsyncLocalStorage } from 'node:async_hooks';
import { TokenCount } from './token-count.js';

/** What is done for the key of a request. */
export interface AccountEntries {
  /**
   * Told of each answer that has cost something, whenever somebody has read it; absent = nobody counts.
   * @param requestId of an answer that may be read again; undefined for others
   */
  readonly charge?: (tokens: number, requestId: string | undefined) => void;
  /** Told of each response that is made. @param requestId unique over the cluster */
  readonly own: (requestId: string) => void;
}

const current = new AsyncLocalStorage<Account>();

/**
 * Puts what one request brings about down to its key, whichever way and however long after the request that is. Only
 * requests of keys are followed.
 */
export class Account {
  private constructor(private readonly entries: AccountEntries) {}

  /** What `run` begins, and all that follows from it, is the key's. */
  static during(entries: AccountEntries, run: () => void): void {
    current.run(new Account(entries), run);
  }

  /** The account of the request that is being served; undefined where nobody keeps one. */
  static current(): Account | undefined {
    return current.getStore();
  }

  own(requestId: string): void {
    this.entries.own(requestId);
  }

  /**
   * The same body, charged when it has ended, also when it is given up.
   * @param requestId of an answer that may be read again
   */
  measure(body: AsyncIterable<Buffer>, requestId?: string): AsyncIterable<Buffer> {
    const { charge } = this.entries;
    return charge === undefined ? body : measured(body, (tokens) => charge(tokens, requestId));
  }

  /** Charges what is there of an answer that may be read again. */
  count(body: Buffer, requestId: string): void {
    if (this.entries.charge === undefined) return;
    const count = new TokenCount();
    count.add(body);
    if (count.tokens > 0) this.entries.charge(count.tokens, requestId);
  }
}

async function* measured(
  body: AsyncIterable<Buffer>,
  charge: (tokens: number) => void,
): AsyncGenerator<Buffer, void, void> {
  const count = new TokenCount();
  try {
    for await (const chunk of body) {
      count.add(chunk);
      yield chunk;
    }
  } finally {
    if (count.tokens > 0) charge(count.tokens);
  }
}
