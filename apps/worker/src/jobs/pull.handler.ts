import {
  ENVELOPE_VERSION,
  type Names,
  type PullEvent,
  type PullJob,
  type PullOutcome,
  type ProgressLine,
} from '#contracts';
import { pullMessage, SourceError } from '#models';
import type { Logger, WorkerMetrics } from '#observability';
import { HandBack, PullHandler } from '#queue';
import type { ModelLibrary } from '../residency/model-library.js';

export interface ModelPullOptions {
  readonly library: Pick<ModelLibrary, 'pull'>;
  readonly redis: { publish(channel: string, message: string): Promise<unknown> };
  readonly names: Names;
  readonly logger: Logger;
  readonly metrics: Pick<WorkerMetrics, 'pulls'>;
  /** Aborted when the worker stops: pulls go back to the queue and are resumed by another worker. */
  readonly stopping: AbortSignal;
}

/** Why a pull ended that somebody has cancelled. */
class PullCancelled extends Error {
  override readonly name = 'PullCancelled';

  constructor() {
    super('the pull was cancelled');
  }
}

/** Runs pull jobs and tells every gateway how they go. */
export class ModelPullHandler extends PullHandler {
  /** Pulls that run, by reference. */
  private readonly running = new Map<string, Set<AbortController>>();

  constructor(private readonly options: ModelPullOptions) {
    super();
  }

  override async pull(job: PullJob): Promise<PullOutcome> {
    const { logger, metrics } = this.options;
    const { reference } = job;
    logger.info('Pulling a model', { reference });
    const outcome = await this.attempt(job);
    logger.info('Pull ended', { reference, ...outcome });
    metrics.pulls.inc({ outcome: outcome.ok ? 'pulled' : outcome.failure });
    return outcome;
  }

  /** Told no sooner: who heard of a failure and asks again, perhaps with a token, would join the pull that failed. */
  override ended({ reference }: PullJob, outcome: PullOutcome): Promise<void> {
    return this.tell({ version: ENVELOPE_VERSION, reference, outcome });
  }

  /** Ends the pulls of a reference, if this worker runs any, for everybody who waits for them. */
  cancel(reference: string): void {
    for (const controller of this.running.get(reference) ?? []) controller.abort(new PullCancelled());
  }

  private async attempt({ reference, bearerToken }: PullJob): Promise<PullOutcome> {
    const { library, stopping } = this.options;
    const cancelled = this.begin(reference);
    const onProgress = (line: ProgressLine): void =>
      void this.tell({ version: ENVELOPE_VERSION, reference, line }).catch(() => undefined);
    try {
      const pulled = await library.pull({
        reference,
        signal: AbortSignal.any([stopping, cancelled.signal]),
        onProgress,
        ...(bearerToken === undefined ? {} : { bearerToken }),
      });
      return { ok: true, modelId: pulled.model.id, message: pullMessage(pulled) };
    } catch (error) {
      if (stopping.aborted) throw new HandBack();
      const failure = error instanceof SourceError ? error.failure : 'failed';
      return { ok: false, failure, message: (error as Error).message };
    } finally {
      this.end(reference, cancelled);
    }
  }

  private begin(reference: string): AbortController {
    const controller = new AbortController();
    const others = this.running.get(reference) ?? new Set();
    this.running.set(reference, others.add(controller));
    return controller;
  }

  private end(reference: string, controller: AbortController): void {
    const running = this.running.get(reference);
    running?.delete(controller);
    if (running?.size === 0) this.running.delete(reference);
  }

  private async tell(event: PullEvent): Promise<void> {
    await this.options.redis.publish(this.options.names.pullsChannel(), JSON.stringify(event));
  }
}
