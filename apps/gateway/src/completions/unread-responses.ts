import { parseRequestId, requestIdOf, type RequestIdParts } from '#contracts';
import type { ResponseCluster } from './recovery.js';
import { type RunningRequest, stopRequest } from './stop-request.js';

interface Unread extends RunningRequest {
  /** ms it may go on without a reader. */
  readonly window: number;
  /** When somebody was last known to read it; ms since the epoch. */
  since: number;
  /** When its frames were last seen, for one that is known only by them. */
  seenAt: number;
  lookedAt: number;
}

/** How often it is looked whether somebody reads a response again; ms. */
const LOOK_INTERVAL_MS = 1_000;

/** A response that is known only by its frames is forgotten when none came for this long; ms. */
const MEMORY_MS = 10_000;

/**
 * Responses that run while nobody here reads them: those whose client may come back, and those whose worker has missed
 * that nobody will. Each is stopped once nobody anywhere has read it for long enough.
 */
export class UnreadResponses {
  private readonly left = new Map<string, Unread>();
  private readonly strays = new Map<string, Unread>();
  private sweptAt = 0;

  /** @param window ms that a response of another gateway may go on without a reader after that gateway has died */
  constructor(
    private readonly cluster: ResponseCluster,
    private readonly window: number,
  ) {}

  /** The client of a response is gone and may come back within `window` ms, to any gateway. */
  leave({ requestId, queue, workerId }: RunningRequest, window: number, now: number): void {
    const request = { requestId, workerId, ...(queue === undefined ? {} : { queue }) };
    this.left.set(requestId, { ...request, window, since: now, seenAt: now, lookedAt: now });
  }

  /** A frame came that nobody here wants. */
  sight(parts: RequestIdParts, now: number): void {
    const requestId = requestIdOf(parts);
    if (this.left.has(requestId)) return;
    const known = this.strays.get(requestId);
    if (known !== undefined) {
      known.seenAt = now;
      return;
    }
    const stray = { requestId, window: this.window, since: now, seenAt: now, lookedAt: now };
    this.strays.set(requestId, stray);
    if (parts.gatewayId === this.cluster.gatewayId) void this.lookAtStray(stray, now);
  }

  sweep(now: number): void {
    const elapsed = now - this.sweptAt;
    this.sweptAt = now;
    // Time without Redis does not count: nobody could come back.
    if (!this.cluster.records.reachable) {
      for (const unread of this.left.values()) unread.since += elapsed;
      return;
    }
    for (const unread of this.left.values()) if (this.isDue(unread, now)) void this.lookAtLeft(unread, now);
    for (const stray of this.strays.values()) {
      if (now - stray.seenAt > MEMORY_MS) this.strays.delete(stray.requestId);
      else if (this.isDue(stray, now) && now - stray.seenAt < LOOK_INTERVAL_MS)
        void this.lookAtStray(stray, now);
    }
  }

  private isDue(unread: Unread, now: number): boolean {
    if (now - unread.lookedAt < LOOK_INTERVAL_MS) return false;
    unread.lookedAt = now;
    return true;
  }

  private async lookAtLeft(unread: Unread, now: number): Promise<void> {
    const { requestId, queue } = unread;
    const { records, queue: jobs } = this.cluster;
    try {
      const running = queue === undefined || (await jobs.has(queue, requestId));
      if (!running) return void this.left.delete(requestId);
      if (await records.hasReader(requestId)) unread.since = now;
    } catch {
      return;
    }
    if (now - unread.since < unread.window) return;
    this.left.delete(requestId);
    await stopRequest(unread, this.cluster);
  }

  /** One of this gateway has no client; one of another may get one back, and is that gateway's while it lives. */
  private async lookAtStray(stray: Unread, now: number): Promise<void> {
    const { requestId } = stray;
    const { records, gatewayId } = this.cluster;
    const owner = parseRequestId(requestId)?.gatewayId ?? '';
    const wanted = await Promise.all([
      records.hasReader(requestId),
      owner !== gatewayId && records.isAlive(owner),
    ]).catch(() => [true]);
    if (wanted.includes(true)) stray.since = now;
    else if (owner === gatewayId || now - stray.since >= stray.window) await stopRequest(stray, this.cluster);
  }
}
