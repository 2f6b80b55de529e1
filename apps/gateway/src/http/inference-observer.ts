import { Injectable } from '@nestjs/common';
import { Catalogue } from '#cluster';
import { LongshoreError, type EngineRoute } from '#contracts';
import { GatewayMetrics, Logger } from '#observability';
import type { CompletionRequest } from '../completions/completions.js';
import type { WriteResult } from './write-response.js';

/** `gen_ai.operation.name` of the OpenTelemetry conventions. */
const OPERATIONS: Readonly<Record<EngineRoute, string>> = {
  '/v1/chat/completions': 'chat',
  '/v1/completions': 'text_completion',
  '/v1/embeddings': 'embeddings',
};

/** What is measured and logged of a call; not its body. */
export type ObservedCall = Pick<CompletionRequest, 'requestId' | 'model' | 'route' | 'streaming'>;

/** One inference call under observation. Times are of `performance.now()`, in ms. */
export interface InferenceObservation {
  readonly call: ObservedCall;
  readonly startedAt: number;
  firstByteAt?: number;
}

/** Measures and logs inference calls. Model labels are names the catalogue knows, so that callers cannot invent series. */
@Injectable()
export class InferenceObserver {
  constructor(
    private readonly catalogue: Catalogue,
    private readonly metrics: GatewayMetrics,
    private readonly logger: Logger,
  ) {}

  /** To be called once the answer has ended; never throws. */
  async ended(observation: InferenceObservation, result: WriteResult): Promise<void> {
    const { call, startedAt, firstByteAt } = observation;
    const endedAt = performance.now();
    const labels = {
      gen_ai_operation_name: OPERATIONS[call.route],
      gen_ai_request_model: await this.modelLabel(call, result.error),
    };
    if (call.streaming && firstByteAt !== undefined) {
      this.metrics.timeToFirstToken.observe(labels, (firstByteAt - startedAt) / 1_000);
    }
    this.metrics.requestDuration.observe(labels, (endedAt - startedAt) / 1_000);
    this.metrics.responseBytes.inc(labels, result.bytes);
    this.metrics.responseOutcomes.inc({ ...labels, outcome: result.outcome });
    if (result.outcome !== 'completed' && firstByteAt !== undefined) this.log(observation, result);
  }

  private async modelLabel({ model }: ObservedCall, error: unknown): Promise<string> {
    if (error instanceof LongshoreError && error.code === 'model_not_found') return 'unknown';
    const known = await this.catalogue.find(model).catch(() => undefined);
    return known ? (known.tags[0] ?? known.id) : 'unknown';
  }

  private log({ call }: InferenceObservation, { outcome, bytes, error }: WriteResult): void {
    const { requestId, route, model } = call;
    const fields = { requestId, route, model: model.slice(0, 200), bytes };
    if (outcome === 'client-gone') this.logger.debug('the client went away', fields);
    else if (outcome === 'client-stalled') this.logger.warn('the client stopped reading', fields);
    else this.logger.warn('an answer broke off half-way', { ...fields, error });
  }
}
