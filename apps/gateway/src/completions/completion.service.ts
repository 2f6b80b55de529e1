import { CompletionJob, ENGINE_ROUTES, ENVELOPE_VERSION, type FrameHead, LongshoreError } from '#contracts';
import type { Catalogue, ControlSender, WorkerDirectory } from '#cluster';
import type { JobQueue } from '#queue';
import type { FrameSubscriber, ResponseStream } from '#streaming';
import { type CompletionRequest, type CompletionResponse, Completions } from './completions.js';
import { OpenCompletions } from './open-completions.js';
import { type Placement, place } from './placement.js';

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

  constructor(
    private readonly cluster: CompletionCluster,
    private readonly gatewayId: string,
    /** Time an answer may take, from acceptance to its last byte; ms. */
    private readonly requestTimeout: number,
  ) {
    super();
    this.open = new OpenCompletions(cluster);
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
    return this.dispatch(request, model.id, placement, signal);
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
    modelId: string,
    placement: Placement,
    signal: AbortSignal,
  ): Promise<CompletionResponse> {
    const { queue, frames } = this.cluster;
    const { gatewayId, requestTimeout } = this;
    const stream = frames.allocate();
    const deadline = Date.now() + requestTimeout;
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
      await Promise.all([queue.addCompletion(placement.queue, job), load]);
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
