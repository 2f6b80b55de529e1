import { Injectable } from '@nestjs/common';
import { Catalogue } from '#cluster';
import { ENGINE_ROUTES, LongshoreError, type EngineRoute } from '#contracts';
import { GatewayMetrics, Logger } from '#observability';
import type { FastifyRequest } from 'fastify';
import { type Recording, RequestRecorder } from '../engines/requests/request-recorder.js';
import type { AcceptedCompletion, CompletionRequest } from '../completions/completions.js';
import { EngineRefusal } from './engine-refusal.js';
import type { StreamedResponse } from './streamed-response.js';
import type { WriteResult } from './write-response.js';

/** `gen_ai.operation.name` of the OpenTelemetry conventions. */
const OPERATIONS: Readonly<Record<EngineRoute, string>> = {
  '/v1/chat/completions': 'chat',
  '/v1/chat/completions/input_tokens': 'count_tokens',
  '/v1/completions': 'text_completion',
  '/v1/embeddings': 'embeddings',
  '/rerank': 'rerank',
  '/v1/rerank': 'rerank',
  '/score': 'score',
  '/v1/score': 'score',
};

/**
 * How the event of an engine begins that ends a stream as failed. In what a model says its quotes would be escaped, and an
 * event arrives whole.
 */
const ERROR_EVENT = Buffer.from('data: {"error":');

/** What is measured and logged of a call; not its body. */
export interface ObservedCall extends Pick<CompletionRequest, 'requestId' | 'model' | 'route'> {
  /** The client gets the answer as it is made. */
  readonly streaming: boolean;
  /** The API that the call came by, where that is not OpenAI's. */
  readonly origin?: string;
}

/** One inference call under observation. Times are of `performance.now()`, in ms. */
export interface InferenceObservation {
  readonly call: ObservedCall;
  readonly startedAt: number;
  firstByteAt?: number;
  /** While it waits for its answer. */
  waiting?: { readonly model: string; readonly since: number } | undefined;
  /** What the engine answered with. */
  status?: number;
  /** The engine has said within its stream that it failed. */
  failedInStream?: boolean;
  /** Where calls are recorded. */
  readonly recording?: Recording;
}

/** Measures and logs inference calls. Model labels are names the catalogue knows, so that callers cannot invent series. */
@Injectable()
export class InferenceObserver {
  constructor(
    private readonly catalogue: Catalogue,
    private readonly metrics: GatewayMetrics,
    private readonly logger: Logger,
    private readonly recorder: RequestRecorder,
  ) {}

  /** To be called when the call arrives. */
  begin(request: FastifyRequest, call: ObservedCall, body: string): InferenceObservation {
    const mode = ENGINE_ROUTES[call.route];
    const recording = this.recorder.begin(request, {
      model: call.model,
      mode,
      body,
      ...(call.origin !== undefined && { origin: call.origin }),
    });
    return { call, startedAt: performance.now(), ...(recording && { recording }) };
  }

  /** To be called when the call is in its queue. */
  accepted(observation: InferenceObservation, { model }: AcceptedCompletion): void {
    observation.waiting = { model, since: performance.now() };
    this.metrics.waitingRequests.inc({ gen_ai_request_model: model });
  }

  /** To be called when an engine begins to answer. @returns the answer, to be written in its place */
  answered(observation: InferenceObservation, response: StreamedResponse): StreamedResponse {
    const { waiting, recording } = observation;
    observation.status = response.status;
    if (waiting !== undefined) {
      const labels = { gen_ai_request_model: waiting.model };
      this.metrics.queueWait.observe(labels, (performance.now() - waiting.since) / 1_000);
      this.endWaiting(observation);
    }
    return recording === undefined ? response : recording.tap(response);
  }

  /** To be called with what is sent of an answer that goes out as it came. */
  passed(observation: InferenceObservation, chunk: Buffer): void {
    if (chunk.includes(ERROR_EVENT)) observation.failedInStream = true;
  }

  /** To be called once the answer has ended; never throws. */
  async ended(observation: InferenceObservation, written: WriteResult): Promise<void> {
    const result = judged(observation, written);
    this.endWaiting(observation);
    observation.recording?.end(result.error);
    const refusal = callersFault(result.error);
    await this.measure(observation, refusal === undefined ? result : { ...result, outcome: 'completed' });
    if (refusal !== undefined) this.logRefusal(observation, refusal);
    else if (result.outcome !== 'completed') this.log(observation, result);
  }

  /** To be called when there is no answer but a failure, which others log; never throws. */
  async failed(observation: InferenceObservation, error: unknown): Promise<void> {
    this.endWaiting(observation);
    observation.recording?.end(error);
    const outcome = callersFault(error) === undefined ? 'failed' : 'completed';
    await this.measure(observation, { outcome, bytes: 0, error });
  }

  private endWaiting(observation: InferenceObservation): void {
    const { waiting } = observation;
    if (waiting !== undefined) this.metrics.waitingRequests.dec({ gen_ai_request_model: waiting.model });
    // Deleted, it would leave the observation a table six times as large, for as long as the answer goes on.
    observation.waiting = undefined;
  }

  private async measure(observation: InferenceObservation, result: WriteResult): Promise<void> {
    const { call, startedAt, firstByteAt } = observation;
    const endedAt = performance.now();
    const model = await this.modelLabel(call, result.error);
    const labels = { gen_ai_operation_name: OPERATIONS[call.route], gen_ai_request_model: model };
    if (call.streaming && firstByteAt !== undefined) {
      this.metrics.timeToFirstToken.observe(labels, (firstByteAt - startedAt) / 1_000);
    }
    this.metrics.requestDuration.observe(labels, (endedAt - startedAt) / 1_000);
    this.metrics.responseBytes.inc(labels, result.bytes);
    this.metrics.responseOutcomes.inc({ ...labels, outcome: result.outcome });
    const refusal = refusalOf(result.error);
    if (refusal !== undefined) {
      this.metrics.refusedRequests.inc({ gen_ai_request_model: model, reason: refusal });
    }
  }

  private async modelLabel({ model }: ObservedCall, error: unknown): Promise<string> {
    if (error instanceof LongshoreError && error.code === 'model_not_found') return 'unknown';
    const known = await this.catalogue.find(model).catch(() => undefined);
    return known ? (known.tags[0] ?? known.id) : 'unknown';
  }

  private logRefusal({ call }: InferenceObservation, { status, reason }: EngineRefusal): void {
    const { requestId, route, model } = call;
    const fields = { requestId, route, model: model.slice(0, 200), status, reason };
    this.logger.info('an engine refused a request that had waited', fields);
  }

  private log({ call, status }: InferenceObservation, { outcome, bytes, error }: WriteResult): void {
    const { requestId, route, model } = call;
    const fields = { requestId, route, model: model.slice(0, 200), bytes };
    if (outcome === 'client-gone') this.logger.debug('the client went away', fields);
    else if (outcome === 'client-stalled') this.logger.warn('the client stopped reading', fields);
    else if (error !== undefined) this.logger.warn('an answer broke off half-way', { ...fields, error });
    else this.logger.warn('an engine answered with a failure', { ...fields, status });
  }
}

/** An answer that went out to its end and tells that the engine failed is none. */
function judged({ status = 0, failedInStream }: InferenceObservation, result: WriteResult): WriteResult {
  const failed = failedInStream === true || status >= 500;
  return failed && result.outcome === 'completed' ? { ...result, outcome: 'failed' } : result;
}

/** The refusal of a request that is at fault itself: an answer like any other, though it comes behind notices. */
function callersFault(error: unknown): EngineRefusal | undefined {
  return error instanceof EngineRefusal && error.status < 500 ? error : undefined;
}

/** The code of a failure that says that there is no room. */
function refusalOf(error: unknown): string | undefined {
  return error instanceof LongshoreError && error.entry.status === 429 ? error.code : undefined;
}
