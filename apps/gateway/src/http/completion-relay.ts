import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Completions, type CompletionRequest } from '../completions/completions.js';
import { InferenceObserver, type InferenceObservation } from './inference-observer.js';
import { StreamedAnswers } from './streamed-answers.js';

/** A decoded inference call, with the dialect's way to end a stream that fails. */
export interface InferenceCall extends Omit<CompletionRequest, 'requestId'> {
  readonly encodeStreamFailure: (error: unknown) => string;
}

/** Hands an inference call to the cluster and its answer to the client. */
@Injectable()
export class CompletionRelay {
  constructor(
    private readonly completions: Completions,
    private readonly answers: StreamedAnswers,
    private readonly observer: InferenceObserver,
  ) {}

  /** Resolves when the answer has ended. @throws LongshoreError while nothing has been sent. */
  async relay(request: FastifyRequest, reply: FastifyReply, call: InferenceCall): Promise<void> {
    const { encodeStreamFailure, ...rest } = call;
    const requestId = String(reply.getHeader('x-request-id'));
    const { model, streaming, route } = rest;
    const observation: InferenceObservation = {
      call: { requestId, model, streaming, route },
      startedAt: performance.now(),
    };
    // Once the job is in its queue nobody here needs the body, and the answer may go on for long: let go of it.
    let completion: CompletionRequest | undefined = { ...rest, requestId };
    request.body = undefined;
    try {
      const result = await this.answers.write({
        request,
        reply,
        encodeStreamFailure,
        onFirstByte: () => (observation.firstByteAt = performance.now()),
        produce: (signal) => {
          const run = this.completions.run(completion as CompletionRequest, signal);
          completion = undefined;
          return run;
        },
      });
      void this.observer.ended(observation, result);
    } catch (error) {
      void this.observer.ended(observation, { outcome: 'failed', bytes: 0, error });
      throw error;
    }
  }
}
