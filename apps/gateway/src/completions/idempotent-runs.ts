import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import {
  type IdempotencyClaim,
  LongshoreError,
  parseRequestId,
  requestIdOf,
  type RequestIdParts,
} from '#contracts';
import { reaching, type ResponseFollower } from '../streams/response-follower.js';
import type { Acceptance } from './acceptance.js';
import type { CompletionRequest, CompletionResponse } from './completions.js';
import type { RecentJobs } from './recent-jobs.js';
import type { ResponseRecords } from './response-records.js';

export interface IdempotentRunsParts {
  readonly records: ResponseRecords;
  readonly follower: ResponseFollower;
  readonly acceptance: Acceptance;
  readonly jobs: RecentJobs;
  /** A free number for a response of this gateway. */
  readonly allocate: () => RequestIdParts;
  /** Runs a request for the first time. */
  readonly begin: (
    request: CompletionRequest,
    parts: RequestIdParts,
    signal: AbortSignal,
  ) => Promise<CompletionResponse>;
}

/** A request with its key. */
export interface KeyedRequest {
  readonly request: CompletionRequest;
  readonly key: string;
  /** Events the client has. */
  readonly after: number;
  readonly eventIds: boolean;
}

/** A living gateway that has a key has its job in a queue after this long, or never will; ms. */
const SETTLE_MS = 1_500;

const LOOK_INTERVAL_MS = 100;

/**
 * Runs requests with an idempotency key once, however often and wherever they are made: the first one claims the key,
 * and all others read its answer.
 */
export class IdempotentRuns {
  constructor(private readonly parts: IdempotentRunsParts) {}

  /** @throws LongshoreError `idempotency_conflict` when the key was used for another request */
  async run(keyed: KeyedRequest, signal: AbortSignal): Promise<CompletionResponse> {
    const { records, acceptance, allocate } = this.parts;
    const fingerprint = fingerprintOf(keyed.request);
    for (;;) {
      signal.throwIfAborted();
      const address = allocate();
      const claim = { requestId: requestIdOf(address), fingerprint };
      const earlier = await reaching(() => records.claim(keyed.key, claim, acceptance.keyRetention));
      if (earlier === undefined) return this.begin(keyed, address, signal);
      if (earlier.fingerprint !== fingerprint) throw new LongshoreError('idempotency_conflict');
      const answer = await this.attach(keyed, earlier, signal);
      if (answer !== undefined) return answer;
    }
  }

  /** A request that is refused before it is accepted frees its key. */
  private async begin(
    { request, key }: KeyedRequest,
    address: RequestIdParts,
    signal: AbortSignal,
  ): Promise<CompletionResponse> {
    const { records, begin } = this.parts;
    let accepted = false;
    const onAccepted: CompletionRequest['onAccepted'] = (place) => {
      accepted = true;
      request.onAccepted?.(place);
    };
    try {
      return await begin({ ...request, onAccepted }, address, signal);
    } catch (error) {
      const unsure = error instanceof LongshoreError && error.code === 'redis_unavailable';
      if (!accepted && !unsure) await records.release(key).catch(() => undefined);
      throw error;
    }
  }

  /** @returns undefined when the request that had the key was refused: the key is free */
  private async attach(
    keyed: KeyedRequest,
    claim: IdempotencyClaim,
    signal: AbortSignal,
  ): Promise<CompletionResponse | undefined> {
    const { records, follower } = this.parts;
    const { requestId } = claim;
    const owner = parseRequestId(requestId)?.gatewayId ?? '';
    const since = Date.now();
    for (;;) {
      const found = await follower.find(requestId);
      if (found !== undefined) {
        const { after, eventIds, request } = keyed;
        const { queue } = found;
        const onFollowing = (workerId: () => string | undefined): void => {
          if (queue === undefined) return;
          request.onAccepted?.({ requestId, queue, ahead: 0, model: request.model, workerId });
        };
        return follower.follow(found, { after, ids: eventIds || after > 0, onFollowing }, signal);
      }
      const [standing, alive] = await reaching(() =>
        Promise.all([records.claimOf(keyed.key), records.isAlive(owner)]),
      );
      if (standing?.requestId !== requestId) return undefined;
      if (!alive || Date.now() - since > SETTLE_MS) await this.restart(keyed, requestId);
      else await delay(LOOK_INTERVAL_MS, undefined, { signal });
    }
  }

  /** The gateway that claimed the key has died before its job was in a queue, or Redis has lost the job. */
  private async restart({ request, key }: KeyedRequest, requestId: string): Promise<void> {
    const { acceptance, jobs, records } = this.parts;
    const address = parseRequestId(requestId);
    if (address === undefined) throw new LongshoreError('internal');
    const placed = await acceptance.place(request, address);
    // The answer begins only now, and its key must not end before it.
    await reaching(() => records.keepClaim(key, acceptance.keyRetention));
    await acceptance.accept(request, placed, jobs);
  }
}

/** Two requests are the same when they ask the same of the same. */
function fingerprintOf({ engine, route, body, identity = body }: CompletionRequest): string {
  return createHash('sha256')
    .update(`${engine ?? ''} ${route}\n${identity}`)
    .digest('hex');
}
