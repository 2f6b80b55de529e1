import { LongshoreError, parseRequestId, type RequestIdParts, type ResponseRecord } from '#contracts';
import type { CompletionResponse } from '../completions/completions.js';
import type { OpenCompletions } from '../completions/open-completions.js';
import type { ResponseCluster } from '../completions/recovery.js';
import { type EventIdOptions, withEventIds } from './event-ids.js';

/** A response that exists, and what is known of it here. */
export interface FoundResponse {
  readonly requestId: string;
  readonly parts: RequestIdParts;
  readonly queue?: string;
  /** ms since the epoch. */
  readonly deadline?: number;
  readonly placement?: string;
}

export interface FollowerOptions extends EventIdOptions {
  /** Told when the response is being received. @param workerId who answers; undefined while nobody has begun to */
  readonly onFollowing?: (workerId: () => string | undefined) => void;
}

/** Finds responses of the whole cluster and reads them beside whoever else does. */
export class ResponseFollower {
  constructor(
    private readonly cluster: ResponseCluster,
    private readonly open: OpenCompletions,
    /** Time an answer may take when nobody says when it began; ms. */
    private readonly requestTimeout: number,
  ) {}

  /**
   * Looks for something that shows that a request was accepted: its client here, its log, or its job.
   * @returns undefined when there is nothing, be it over long ago or not in its queue yet
   * @throws LongshoreError `redis_unavailable`
   */
  async find(requestId: string): Promise<FoundResponse | undefined> {
    const parts = parseRequestId(requestId);
    if (parts === undefined) return undefined;
    const own = this.open.find(requestId);
    if (own !== undefined) return own.fields;
    return reaching(async () => {
      const { records, queue, log } = this.cluster;
      const logged = async (): Promise<boolean> => (await log?.has(parts)) ?? false;
      const record = await records.read(requestId);
      const found = { requestId, parts, ...knownOf(record) };
      if (await logged()) return found;
      if (record === undefined) return undefined;
      // In this order: a job is forgotten only after its last frame was logged.
      return (await queue.has(record.queue, requestId)) || (await logged()) ? found : undefined;
    });
  }

  /** Reads a response from its start or after what the client has. @throws LongshoreError what it failed with */
  async follow(
    found: FoundResponse,
    options: FollowerOptions,
    signal: AbortSignal,
  ): Promise<CompletionResponse> {
    signal.throwIfAborted();
    const { deadline = Date.now() + this.requestTimeout, placement } = found;
    const followed = await reaching(() => this.open.follow({ ...found, deadline }));
    const { response } = followed;
    const onAbort = (): void => followed.hangUp();
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    const done = (): void => {
      signal.removeEventListener('abort', onAbort);
      followed.close();
    };
    try {
      options.onFollowing?.(() => response.workerId);
      const { status, headers, workerId } = await response.head();
      const ours = {
        'x-longshore-request': found.requestId,
        'x-longshore-worker': response.workerId ?? workerId,
        ...(placement === undefined ? {} : { 'x-longshore-placement': placement }),
      };
      const answer = { status, headers: { ...headers, ...ours }, body: response.body(done) };
      return withEventIds(answer, options);
    } catch (error) {
      done();
      throw error;
    }
  }
}

function knownOf(record: ResponseRecord | undefined): Partial<FoundResponse> {
  if (record === undefined) return {};
  const { queue, deadline, placement } = record;
  return { queue, deadline, ...(placement === undefined ? {} : { placement }) };
}

/** What Redis fails with, as what callers are told. */
export async function reaching<T>(task: () => Promise<T>): Promise<T> {
  try {
    return await task();
  } catch (error) {
    if (error instanceof LongshoreError) throw error;
    throw new LongshoreError('redis_unavailable');
  }
}
