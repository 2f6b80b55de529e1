import type { Names } from '#contracts';
import type { RedisClient } from '#redis';
import type { ResponsesRequest } from './decode-request.js';
import { invalid, type Item } from './fields.js';
import type { ResponseProgress } from './response-object.js';

/** A response as it is kept for later requests. */
export interface StoredResponse {
  readonly version: 1;
  readonly id: string;
  /** Seconds since the epoch. */
  readonly createdAt: number;
  readonly request: ResponsesRequest;
  /** Of the chat completion that makes the answer; its log is the answer until `final` is there. */
  readonly requestId: string;
  /** How it ended. */
  readonly final?: ResponseProgress;
}

/** Longest chain of responses that is replayed to the model. */
const LONGEST_CHAIN = 200;
const TOO_LONG = `More than ${LONGEST_CHAIN} responses go before this one; begin a new conversation.`;

/** Responses that are kept for a while, where every gateway finds them. */
export abstract class StoredResponses {
  /** Keeps a new response, unless it is kept already. @returns the one that stands */
  abstract put(response: StoredResponse): Promise<StoredResponse>;

  /** Writes what has become of a response; nothing when it is kept no longer, as after its deletion. */
  abstract update(response: StoredResponse): Promise<void>;

  abstract find(id: string): Promise<StoredResponse | undefined>;

  /** @returns false when there was none */
  abstract delete(id: string): Promise<boolean>;
}

export class RedisStoredResponses extends StoredResponses {
  /** @param retention ms a response is kept after it was last written */
  constructor(
    private readonly redis: RedisClient,
    private readonly names: Names,
    private readonly retention: number,
  ) {
    super();
  }

  override async put(response: StoredResponse): Promise<StoredResponse> {
    const json = JSON.stringify(response);
    const written = await this.redis.set(this.key(response.id), json, 'PX', this.retention, 'NX');
    return written === null ? ((await this.find(response.id)) ?? response) : response;
  }

  override async update(response: StoredResponse): Promise<void> {
    await this.redis.set(this.key(response.id), JSON.stringify(response), 'PX', this.retention, 'XX');
  }

  override async find(id: string): Promise<StoredResponse | undefined> {
    const json = await this.redis.get(this.key(id));
    return json === null ? undefined : (JSON.parse(json) as StoredResponse);
  }

  override async delete(id: string): Promise<boolean> {
    return (await this.redis.del(this.key(id))) === 1;
  }

  private key(id: string): string {
    return this.names.storedResponseKey(id);
  }
}

/**
 * The responses before one, oldest first, that one included.
 * @returns undefined when it, or one it goes back to, is not kept
 * @throws LongshoreError when there are too many to be told to a model again
 */
export async function chainOf(stored: StoredResponses, id: string): Promise<StoredResponse[] | undefined> {
  const chain: StoredResponse[] = [];
  for (let next: string | undefined = id; next !== undefined;) {
    const response: StoredResponse | undefined = await stored.find(next);
    if (response === undefined) return undefined;
    chain.unshift(response);
    if (chain.length > LONGEST_CHAIN) throw invalid(TOO_LONG, 'previous_response_id');
    next = response.request.previousResponseId;
  }
  return chain;
}

/** What was said in a chain of responses, inputs and answers in turn. */
export function historyOf(chain: readonly StoredResponse[]): Item[] {
  return chain.flatMap(({ request, final }) => [...request.input, ...(final?.output ?? [])]);
}
