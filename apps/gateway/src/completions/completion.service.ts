import {
  type CatalogueModel,
  CompletionJob,
  ENGINE_ROUTES,
  ENVELOPE_VERSION,
  type FrameHead,
  LongshoreError,
} from '#contracts';
import type { Catalogue, ControlSender, WorkerDirectory } from '#cluster';
import type { JobQueue } from '#queue';
import type { FrameSubscriber, ResponseStream } from '#streaming';
import { Admission } from './admission.js';
import {
  type AcceptedCompletion,
  type CompletionRequest,
  type CompletionResponse,
  Completions,
} from './completions.js';
import { OpenCompletions } from './open-completions.js';
import { type Placement, place } from './placement.js';
import { locateRequests } from './queue-notices.js';
import type { Whereabouts } from './whereabouts.js';

export interface CompletionCluster {
  readonly catalogue: Catalogue;
  readonly workers: WorkerDirectory;
  readonly queue: JobQueue;
  readonly frames: FrameSubscriber;
  readonly control: ControlSender;
}

/** Runs inference calls as completion jobs: places, opens the reply, enqueues, and hands the frames on. */
export class CompletionService extends Completions {
  private readonly open: OpenCompletions;
  private readonly admission: Admission;

  constructor(
    private readonly cluster: CompletionCluster,
    private readonly gatewayId: string,
    /** Time an answer may take, from acceptance to its last byte; ms. */
    private readonly requestTimeout: number,
    /** Jobs that may wait in one queue, over the whole cluster. */
    maxWaiting: number,
  ) {
    super();
    this.open = new OpenCompletions(cluster);
    this.admission = new Admission(cluster, maxWaiting);
  }

  override async run(request: CompletionRequest, signal: AbortSignal): Promise<CompletionResponse> {
    signal.throwIfAborted();
    const { catalogue, workers } = this.cluster;
    const model = await catalogue.find(request.model);
    if (model === undefined)
      throw new LongshoreError('model_not_found', `No such model: ${request.model}`, 'model');
    const mode = ENGINE_ROUTES[request.route];
    const placement = place(
      { model, mode, ...(request.engine ? { engine: request.engine } : {}) },
      workers.workers(),
    );
    return this.dispatch(request, model, placement, signal);
  }

  override locate(requests: readonly AcceptedCompletion[]): Promise<readonly Whereabouts[]> {
    return locateRequests(this.cluster, requests);
  }

  /** Ends every open response with `shutting_down`. */
  abandonAll(): void {
    this.open.failAll(new LongshoreError('shutting_down'));
  }

  /** Frames came for a response that is no longer open: its worker missed the cancel. */
  cancelOrphan(stream: number): void {
    this.open.cancelOrphan(this.gatewayId, stream, Date.now());
  }

  stop(): void {
    this.open.stop();
  }

  private async dispatch(
    request: CompletionRequest,
    { id: modelId, tags }: CatalogueModel,
    placement: Placement,
    signal: AbortSignal,
  ): Promise<CompletionResponse> {
    const { queue, frames } = this.cluster;
    const { gatewayId, requestTimeout } = this;
    const stream = frames.allocate();
    const deadline = Date.now() + Math.min(requestTimeout, request.timeout ?? Infinity);
    const mode = ENGINE_ROUTES[request.route];
    const job: CompletionJob = {
      version: ENVELOPE_VERSION,
      requestId: `${gatewayId}.${stream}`,
      gatewayId,
      stream,
      route: request.route,
      mode,
      modelId,
      body: request.body,
      streaming: request.streaming,
      deadline,
    };
    const open = this.open.add({ requestId: job.requestId, stream, queue: placement.queue, deadline });
    const onAbort = (): void => open.cancel();
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      const load = placement.needsLoad
        ? queue.addLoad(placement.variant, { version: ENVELOPE_VERSION, modelId, mode })
        : undefined;
      const { priority } = request;
      const admission = { queue: placement.queue, job, ...(priority === undefined ? {} : { priority }) };
      const [admitted] = await Promise.all([this.admission.admit(admission), load]);
      request.onAccepted?.({
        ...admitted,
        requestId: job.requestId,
        queue: placement.queue,
        model: tags[0] ?? modelId,
        workerId: () => open.response.workerId,
      });
      // A cancel that came while the job was on its way into the queue did not find it there.
      if (signal.aborted) await open.stopWork();
      const head = await open.response.head();
      const body = readBody(open.response, () => {
        signal.removeEventListener('abort', onAbort);
        open.close();
      });
      return { status: head.status, headers: describe(head, placement), body };
    } catch (error) {
      signal.removeEventListener('abort', onAbort);
      open.cancel();
      throw error;
    }
  }
}

function describe(head: FrameHead, placement: Placement): Record<string, string> {
  return {
    ...head.headers,
    'x-longshore-worker': head.workerId,
    'x-longshore-placement': `${placement.variant}; ${placement.reason}`,
  };
}

async function* readBody(response: ResponseStream, done: () => void): AsyncGenerator<Buffer, void, void> {
  try {
    yield* response.body();
  } finally {
    done();
  }
}
