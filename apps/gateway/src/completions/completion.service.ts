import { type FrameHead, LongshoreError, type RequestIdParts } from '#contracts';
import { withEventIds } from '../streams/event-ids.js';
import { ResponseFollower } from '../streams/response-follower.js';
import { Acceptance, type CompletionCluster, type CompletionSettings } from './acceptance.js';
import { Admission } from './admission.js';
import {
  type AcceptedCompletion,
  type CompletionRequest,
  type CompletionResponse,
  Completions,
} from './completions.js';
import { IdempotentRuns } from './idempotent-runs.js';
import type { OpenCompletion } from './open-completion.js';
import { OpenCompletions } from './open-completions.js';
import { locateRequests } from './queue-notices.js';
import type { Whereabouts } from './whereabouts.js';

/** Runs inference calls as completion jobs: places, opens the reply, enqueues, and hands the frames on. */
export class CompletionService extends Completions {
  readonly open: OpenCompletions;
  readonly follower: ResponseFollower;
  private readonly acceptance: Acceptance;
  private readonly idempotent: IdempotentRuns;

  constructor(
    private readonly cluster: CompletionCluster,
    settings: CompletionSettings,
  ) {
    super();
    this.open = new OpenCompletions(cluster, settings.resumeWindow);
    this.follower = new ResponseFollower(cluster, this.open, settings.requestTimeout);
    this.acceptance = new Acceptance(cluster, new Admission(cluster, settings.maxWaiting), settings);
    this.idempotent = new IdempotentRuns({
      records: cluster.records,
      follower: this.follower,
      acceptance: this.acceptance,
      jobs: this.open.recovery.jobs,
      allocate: () => this.allocate(),
      begin: (request, parts, signal) => this.begin(request, parts, signal),
    });
  }

  override async run(request: CompletionRequest, signal: AbortSignal): Promise<CompletionResponse> {
    signal.throwIfAborted();
    const { key, after = 0, eventIds = false, resumable = false } = request.resumption ?? {};
    if (resumable && this.cluster.log === undefined) throw new LongshoreError('invalid_request', NO_LOG);
    if (key !== undefined) return this.idempotent.run({ request, key, after, eventIds }, signal);
    return this.begin(request, this.allocate(), signal);
  }

  override locate(requests: readonly AcceptedCompletion[]): Promise<readonly Whereabouts[]> {
    return locateRequests(this.cluster, requests);
  }

  override letAllGo(): void {
    this.open.letAllGo();
  }

  stop(): void {
    this.open.stop();
  }

  private allocate(): RequestIdParts {
    return { gatewayId: this.cluster.gatewayId, stream: this.cluster.frames.allocate() };
  }

  private async begin(
    request: CompletionRequest,
    parts: RequestIdParts,
    signal: AbortSignal,
  ): Promise<CompletionResponse> {
    const placed = await this.acceptance.place(request, parts);
    const open = this.open.add(placed.fields);
    const onAbort = (): void => open.hangUp();
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    const done = (): void => {
      placed.seat.leave();
      signal.removeEventListener('abort', onAbort);
      open.close();
    };
    try {
      const admitted = await this.acceptance
        .accept(request, placed, this.open.recovery.jobs)
        .catch((error: unknown) => forgo(open, error));
      const { requestId, queue, placement } = placed.fields;
      const model = placed.model.tags[0] ?? placed.model.id;
      const workerId = (): string | undefined => open.response.workerId;
      request.onAccepted?.({ ...admitted, requestId, queue, model, workerId });
      // A cancel that came while the job was on its way into the queue did not find it there.
      if (signal.aborted && !placed.fields.resumable) await open.stopWork();
      const head = await open.response.head();
      placed.seat.taken(head.workerId);
      const answer = {
        status: head.status,
        headers: describe(head, requestId, placement),
        body: open.response.body(done),
      };
      return withEventIds(answer, { after: 0, ids: request.resumption?.eventIds ?? false });
    } catch (error) {
      done();
      throw error;
    }
  }
}

const NO_LOG =
  'Idempotency-Key and X-Longshore-Resumable need the log of answers, which is off (LONGSHORE_LOG=false).';

/** A job that was refused is nowhere. Where Redis went away it may be in its queue. */
function forgo(open: OpenCompletion, error: unknown): never {
  const unsure = error instanceof LongshoreError && error.code === 'redis_unavailable';
  if (!unsure) open.discard();
  throw error;
}

function describe(head: FrameHead, requestId: string, placement: string): Record<string, string> {
  return {
    ...head.headers,
    'x-longshore-request': requestId,
    'x-longshore-worker': head.workerId,
    'x-longshore-placement': placement,
  };
}
