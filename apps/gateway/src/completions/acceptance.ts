import type { Catalogue } from '#cluster';
import {
  type CatalogueModel,
  type CompletionJob,
  ENGINE_ROUTES,
  ENVELOPE_VERSION,
  type LoadJob,
  LongshoreError,
  type Mode,
  requestIdOf,
  type RequestIdParts,
  type Variant,
} from '#contracts';
import { askedReference } from '../models/asked-reference.js';
import type { Resumption } from '../streams/read-resumption.js';
import type { Admission, Admitted } from './admission.js';
import type { CompletionRequest } from './completions.js';
import { type OpenCompletionFields, recordOf } from './open-completion.js';
import { type Placement, place } from './placement.js';
import type { RecentJobs } from './recent-jobs.js';
import { type Seat, Seating } from './seating.js';
import type { ResponseCluster } from './recovery.js';

export interface CompletionCluster extends ResponseCluster {
  readonly catalogue: Catalogue;
}

/** Times in ms, sizes in bytes. */
export interface CompletionSettings {
  /** Time an answer may take, from acceptance to its last byte. */
  readonly requestTimeout: number;
  /** Jobs that may wait in one queue, over the whole cluster. */
  readonly maxWaiting: number;
  readonly logLimit: number;
  readonly logRetention: number;
  /** Instead of `logRetention` for requests with an idempotency key. */
  readonly resultRetention: number;
  readonly resumeWindow: number;
  /** Of references that name none. */
  readonly defaultRegistry: string;
  /** Whether requests that begin alike go to the same worker. */
  readonly prefixAffinity: boolean;
  /** Kinds of workers that are started when requests wait for them. */
  readonly standbyVariants?: readonly Variant[];
}

/** A request that some worker can run, and which. */
export interface PlacedRequest {
  readonly model: CatalogueModel;
  readonly mode: Mode;
  readonly placement: Placement;
  /** Where among the workers of the variant. */
  readonly seat: Seat;
  readonly fields: OpenCompletionFields;
}

/** Makes jobs of requests: decides who is to run them, and puts them into their queues. */
export class Acceptance {
  private readonly seating: Seating;

  constructor(
    private readonly cluster: CompletionCluster,
    private readonly admission: Admission,
    private readonly settings: CompletionSettings,
  ) {
    this.seating = new Seating(cluster.workers);
  }

  /**
   * A key is kept as long as it may take to answer, so that it never outlives the answer and never ends before it does;
   * ms.
   */
  get keyRetention(): number {
    return Math.max(this.settings.resultRetention, this.settings.requestTimeout);
  }

  /** Decides who runs a request, without telling anybody. @throws LongshoreError */
  async place(request: CompletionRequest, parts: RequestIdParts): Promise<PlacedRequest> {
    const model = await this.cluster.catalogue.find(request.model);
    if (model === undefined)
      throw new LongshoreError('model_not_found', `No such model: ${request.model}`, 'model');
    const mode = ENGINE_ROUTES[request.route];
    const { engine, resumption, timeout = Infinity } = request;
    const placement = place(
      { model, mode, ...(engine === undefined ? {} : { engine }) },
      this.cluster.workers.workers(),
      this.settings.standbyVariants,
    );
    // Only what is generated goes on from what is cached.
    const shared = this.settings.prefixAffinity && mode === 'completion' ? request.affinity : undefined;
    const seat = this.seating.seat(placement.queue, shared);
    const fields = {
      requestId: requestIdOf(parts),
      parts,
      queue: placement.queue,
      deadline: Date.now() + Math.min(this.settings.requestTimeout, timeout),
      streaming: request.streaming,
      resumable: this.cluster.log !== undefined && resumption?.resumable === true,
      retention: isResult(resumption) ? this.keyRetention : this.settings.logRetention,
      resumeWindow: resumption?.background ? this.settings.requestTimeout : this.settings.resumeWindow,
      placement: describe(placement, seat),
    };
    return { model, mode, placement, seat, fields };
  }

  /**
   * Puts a request into its queue; one that is there already stays as it is.
   * @throws LongshoreError `queue_full`, or `redis_unavailable`, when it may have been accepted or not
   */
  async accept(request: CompletionRequest, placed: PlacedRequest, jobs: RecentJobs): Promise<Admitted> {
    const { queue } = this.cluster;
    const { placement, seat, fields } = placed;
    const job = this.jobOf(request, placed);
    // Another gateway may have put it into a queue for a client that came back there: then that one counts.
    const place = fields.resumable ? (await this.record(fields)).queue : placement.queue;
    const load = placement.needsLoad
      ? queue.addLoad(placement.variant, this.loadJobOf(request, placed))
      : undefined;
    const { priority } = request;
    const accepted = { queue: place, job, ...(priority === undefined ? {} : { priority }) };
    const preference = place === placement.queue ? seat.preference : undefined;
    const [admitted] = await Promise.all([this.admission.admit({ ...accepted, preference }), load]);
    if (job.logLimit !== undefined) jobs.keep(accepted);
    return admitted;
  }

  private record(fields: OpenCompletionFields): Promise<{ readonly queue: string }> {
    const ttl = fields.deadline - Date.now() + fields.retention;
    return this.cluster.records.put(recordOf(fields), ttl).catch(() => {
      throw new LongshoreError('redis_unavailable');
    });
  }

  private loadJobOf(request: CompletionRequest, { model, mode }: PlacedRequest): LoadJob {
    const reference = askedReference(request.model, this.settings.defaultRegistry);
    return {
      version: ENVELOPE_VERSION,
      modelId: model.id,
      mode,
      ...(reference !== undefined && { reference }),
    };
  }

  private jobOf(request: CompletionRequest, { model, mode, fields }: PlacedRequest): CompletionJob {
    const { logLimit } = this.settings;
    const { requestId, parts, streaming, deadline, retention, resumeWindow } = fields;
    const logged =
      this.cluster.log === undefined ? {} : { logLimit, logRetention: Math.ceil(retention), resumeWindow };
    const { route, body, resumption } = request;
    return {
      version: ENVELOPE_VERSION,
      requestId,
      ...parts,
      route,
      mode,
      modelId: model.id,
      body,
      streaming,
      deadline,
      ...logged,
      ...(resumption?.key === undefined ? {} : { once: true }),
    };
  }
}

/** For people: the variant, why that one, what runs the model there, and whether the prefix chose the worker. */
function describe({ variant, reason, engine }: Placement, { preference }: Seat): string {
  return [variant, reason, engine, ...(preference === undefined ? [] : ['prefix'])].join('; ');
}

/** True when somebody is to fetch the whole answer later. */
function isResult(resumption: Resumption | undefined): boolean {
  return resumption?.key !== undefined || resumption?.background === true;
}
