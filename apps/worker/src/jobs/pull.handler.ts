import {
  ENVELOPE_VERSION,
  type Names,
  type PullEvent,
  type PullJob,
  type PullOutcome,
  type ProgressLine,
} from '#contracts';
import { pullMessage, SourceError } from '#models';
import type { Logger } from '#observability';
import { HandBack, PullHandler } from '#queue';
import type { RedisClient } from '#redis';
import type { ModelLibrary } from '../residency/model-library.js';

export interface ModelPullOptions {
  readonly library: ModelLibrary;
  readonly redis: RedisClient;
  readonly names: Names;
  readonly logger: Logger;
  /** Aborted when the worker stops: pulls go back to the queue and are resumed by another worker. */
  readonly stopping: AbortSignal;
}

/** Runs pull jobs and tells every gateway how they go. */
export class ModelPullHandler extends PullHandler {
  constructor(private readonly options: ModelPullOptions) {
    super();
  }

  override async pull(job: PullJob): Promise<PullOutcome> {
    const { logger } = this.options;
    const { reference } = job;
    logger.info('Pulling a model', { reference });
    const outcome = await this.attempt(job);
    logger.info('Pull ended', { reference, ...outcome });
    await this.tell({ version: ENVELOPE_VERSION, reference, outcome });
    return outcome;
  }

  private async attempt({ reference, bearerToken }: PullJob): Promise<PullOutcome> {
    const { library, stopping } = this.options;
    const onProgress = (line: ProgressLine): void =>
      void this.tell({ version: ENVELOPE_VERSION, reference, line }).catch(() => undefined);
    try {
      const pulled = await library.pull({
        reference,
        signal: stopping,
        onProgress,
        ...(bearerToken === undefined ? {} : { bearerToken }),
      });
      return { ok: true, modelId: pulled.model.id, message: pullMessage(pulled) };
    } catch (error) {
      if (stopping.aborted) throw new HandBack();
      const failure = error instanceof SourceError ? error.failure : 'failed';
      return { ok: false, failure, message: (error as Error).message };
    }
  }

  private async tell(event: PullEvent): Promise<void> {
    await this.options.redis.publish(this.options.names.pullsChannel(), JSON.stringify(event));
  }
}
