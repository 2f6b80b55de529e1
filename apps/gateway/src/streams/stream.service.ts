import { setTimeout as delay } from 'node:timers/promises';
import { LongshoreError, parseRequestId } from '#contracts';
import type { LoggedResponse } from '#streaming';
import type { CompletionResponse } from '../completions/completions.js';
import type { OpenCompletions } from '../completions/open-completions.js';
import type { ResponseCluster } from '../completions/recovery.js';
import { cancelForAll } from '../completions/stop-request.js';
import { type FoundResponse, reaching, type ResponseFollower } from './response-follower.js';
import { type FollowOptions, type StreamName, Streams } from './streams.js';

/** A request that was claimed or recorded has a job within this time, or never will; ms. */
const SETTLE_MS = 1_500;

const LOOK_INTERVAL_MS = 250;

/** Finds responses by request id or idempotency key, wherever they are being made, and reads or stops them. */
export class StreamService extends Streams {
  constructor(
    private readonly cluster: ResponseCluster,
    private readonly open: OpenCompletions,
    private readonly follower: ResponseFollower,
    /** Time it is kept that a request was cancelled; ms. */
    private readonly retention: number,
  ) {
    super();
  }

  override async follow(
    name: StreamName,
    { after, eventIds }: FollowOptions,
    signal: AbortSignal,
  ): Promise<CompletionResponse> {
    const found = await this.find(name, signal);
    return this.follower.follow(found, { after, ids: eventIds }, signal);
  }

  override async snapshot(requestId: string): Promise<LoggedResponse | undefined> {
    const parts = parseRequestId(requestId);
    return parts === undefined ? undefined : reaching(async () => this.open.recovery.logReads?.read(parts));
  }

  override async cancel(name: StreamName): Promise<void> {
    const found = await this.find(name);
    const { requestId, queue } = found;
    const own = this.open.find(requestId);
    const workerId = own?.response.workerId;
    own?.response.fail(new LongshoreError('cancelled'));
    const request = { requestId, workerId, ...(queue === undefined ? {} : { queue }) };
    await reaching(() => cancelForAll(request, this.cluster, this.retention));
  }

  private async find({ text, key }: StreamName, signal?: AbortSignal): Promise<FoundResponse> {
    const since = Date.now();
    for (;;) {
      const direct = await this.follower.find(text);
      if (direct !== undefined) return direct;
      const requestId = (await this.claimed(key)) ?? text;
      const found = requestId === text ? undefined : await this.follower.find(requestId);
      if (found !== undefined) return found;
      if (!(await this.mayCome(requestId, text)) || Date.now() - since > SETTLE_MS)
        throw notFound(this.cluster);
      await delay(LOOK_INTERVAL_MS, undefined, signal === undefined ? {} : { signal });
    }
  }

  private async claimed(key: string | undefined): Promise<string | undefined> {
    if (key === undefined) return undefined;
    return reaching(async () => (await this.cluster.records.claimOf(key))?.requestId);
  }

  /** A request that is known by its key or its record may be on its way into its queue, or back into it. */
  private async mayCome(requestId: string, text: string): Promise<boolean> {
    if (requestId !== text) return true;
    return (await reaching(() => this.cluster.records.read(requestId))) !== undefined;
  }
}

function notFound({ log }: ResponseCluster): LongshoreError {
  return log === undefined
    ? new LongshoreError(
        'stream_not_found',
        'Answers are not kept, because their log is off (LONGSHORE_LOG=false).',
      )
    : new LongshoreError('stream_not_found');
}
