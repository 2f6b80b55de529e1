import { Injectable } from '@nestjs/common';
import { LongshoreError } from '#contracts';
import { Logger } from '#observability';
import type { FastifyRequest } from 'fastify';
import {
  type AcceptedCompletion,
  type CompletionRequest,
  type CompletionResponse,
  Completions,
} from '../../completions/completions.js';
import { type InferenceObservation, InferenceObserver } from '../../http/inference-observer.js';
import { endedUnseen, KeptResponses } from './kept-responses.js';
import type { PreparedResponse } from './response.service.js';
import type { StoredResponse } from './stored-responses.js';

/** What headers ask of a background response. */
export type BackgroundLimits = Pick<
  CompletionRequest,
  'requestId' | 'timeout' | 'priority' | 'engine' | 'resumption'
>;

/** Responses that are made while nobody waits for them. */
@Injectable()
export class BackgroundResponses {
  constructor(
    private readonly completions: Completions,
    private readonly kept: KeptResponses,
    private readonly observer: InferenceObserver,
    private readonly logger: Logger,
  ) {}

  /** The response is safe when this resolves. @throws LongshoreError */
  async begin(
    { request, call }: PreparedResponse,
    limits: BackgroundLimits,
    arrived: FastifyRequest,
  ): Promise<StoredResponse> {
    const { eventStream: _, ...chat } = call;
    const resumption = { ...limits.resumption, resumable: true, background: true, after: 0, eventIds: false };
    const { requestId, engine } = limits;
    const observed = { requestId, model: call.model, streaming: true, route: call.route };
    const observation = this.observer.begin(arrived, observed, call.body);
    let run: Promise<CompletionResponse> | undefined;
    try {
      const accepted = await new Promise<string>((resolve, reject) => {
        const onAccepted = (place: AcceptedCompletion): void => {
          this.observer.accepted(observation, place);
          resolve(place.requestId);
        };
        const completion = { ...chat, ...limits, ...(engine && { engine }), resumption, onAccepted };
        run = this.completions.run(completion, new AbortController().signal);
        // One that was made before and is over is nowhere accepted again.
        run.then(({ headers }) => resolve(headers['x-longshore-request'] ?? ''), reject);
      });
      const response = await this.kept.remember(accepted, request);
      if (run !== undefined) void this.watch(run, response, observation);
      return response;
    } catch (error) {
      void this.observer.failed(observation, error);
      throw error;
    }
  }

  /** Keeps the end of a background response. When this gateway dies first, whoever asks for it next does. */
  private async watch(
    run: Promise<CompletionResponse>,
    response: StoredResponse,
    observation: InferenceObservation,
  ): Promise<void> {
    let reason: unknown;
    let bytes = 0;
    try {
      const { body } = this.observer.answered(observation, await run);
      for await (const chunk of body) {
        if (bytes === 0) observation.firstByteAt = performance.now();
        bytes += chunk.length;
        this.observer.passed(observation, chunk);
      }
      void this.observer.ended(observation, { outcome: 'completed', bytes });
    } catch (error) {
      this.logger.debug('A background response broke off', { response: response.id, error });
      reason = error;
      void this.observer.ended(observation, { outcome: 'failed', bytes, error });
    }
    const final = await this.kept.progressOf(response).catch(() => undefined);
    // Nobody goes on with it, and where it was not begun no log says so.
    if (!(reason instanceof LongshoreError) || reason.code === 'shutting_down') return;
    if (final?.status === 'queued') await this.kept.keep({ ...response, final: endedUnseen(reason.message) });
  }
}
