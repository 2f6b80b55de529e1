import { parseRequestId, type RequestIdParts } from '#contracts';
import { FollowedResponse, type FollowedResponseFields } from './followed-response.js';
import { OpenCompletion, type OpenCompletionFields } from './open-completion.js';
import { RecoverySurroundings, type ResponseCluster } from './recovery.js';
import { UnreadResponses } from './unread-responses.js';

/** One look after all open completions; ms. */
const SWEEP_INTERVAL_MS = 250;

/** Longer between two looks means that this process stood still: nothing that should have come since could come; ms. */
const STANDSTILL_MS = 2_000;

/** All responses a gateway receives, and what has to happen to them whatever their clients do. */
export class OpenCompletions {
  readonly recovery: RecoverySurroundings;
  private readonly open = new Map<number, OpenCompletion>();
  private readonly followed = new Set<FollowedResponse>();
  private readonly unread: UnreadResponses;
  private readonly sweeper: NodeJS.Timeout;
  private leaving = false;
  private sweptAt = Date.now();
  private readonly stopListening: () => void;

  constructor(
    private readonly cluster: ResponseCluster,
    resumeWindow: number,
  ) {
    this.recovery = new RecoverySurroundings(cluster);
    this.unread = new UnreadResponses(cluster, resumeWindow);
    this.sweeper = setInterval(() => this.sweep(Date.now()), SWEEP_INTERVAL_MS);
    this.sweeper.unref();
    this.stopListening = cluster.workers.onLost((workerId) => {
      for (const response of this.all()) response.loseWorker(workerId);
    });
  }

  /** Begins to receive a response of this gateway. */
  add(fields: OpenCompletionFields): OpenCompletion {
    const { stream } = fields.parts;
    const completion = new OpenCompletion(fields, {
      recovery: this.recovery,
      unread: this.unread,
      onClose: () => this.open.delete(stream),
    });
    this.open.set(stream, completion);
    return completion;
  }

  /** Receives a response that some gateway began, perhaps this one. The caller closes it. */
  async follow(fields: FollowedResponseFields): Promise<FollowedResponse> {
    const followed = await FollowedResponse.open(fields, this.recovery, () => this.followed.delete(followed));
    this.followed.add(followed);
    return followed;
  }

  /** A response of this gateway whose client is here. */
  find(requestId: string): OpenCompletion | undefined {
    const parts = parseRequestId(requestId);
    if (parts?.gatewayId !== this.cluster.gatewayId) return undefined;
    return this.open.get(parts.stream);
  }

  /** Ends all responses towards their clients. What is logged can be had from another gateway. */
  letAllGo(): void {
    this.leaving = true;
    for (const response of this.all()) response.letGo();
  }

  /** A frame came for a response that nobody here reads. */
  sight(parts: RequestIdParts): void {
    // Who stops here leaves what it has begun to those who come back for it.
    if (!this.leaving || this.cluster.log === undefined) this.unread.sight(parts, Date.now());
  }

  stop(): void {
    clearInterval(this.sweeper);
    this.stopListening();
  }

  private all(): (OpenCompletion | FollowedResponse)[] {
    return [...this.open.values(), ...this.followed];
  }

  private sweep(now: number): void {
    const stoodStill = now - this.sweptAt > STANDSTILL_MS;
    this.sweptAt = now;
    if (this.cluster.records.reachable && !stoodStill) this.recovery.jobs.grow(SWEEP_INTERVAL_MS);
    else this.recovery.lastAway = now;
    for (const response of this.all()) response.check(now);
    this.unread.sweep(now);
  }
}
