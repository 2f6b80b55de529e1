import { Injectable } from '@nestjs/common';
import { ENGINE_ROUTES } from '#contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import {
  type AcceptedCompletion,
  type CompletionRequest,
  type CompletionResponse,
  Completions,
} from '../completions/completions.js';
import { readResumption, type Resumption } from '../streams/read-resumption.js';
import { readWishes } from './caller-wishes.js';
import type { Filler } from './half-closed-client.js';
import { type InferenceObservation, InferenceObserver } from './inference-observer.js';
import { Preloads } from './preloads.js';
import { StreamedAnswers } from './streamed-answers.js';
import { StreamNotices, voiceFor } from './stream-notices.js';
import type { StreamedResponse } from './streamed-response.js';
import type { ResponseWriter } from './write-response.js';

/** A decoded inference call, with the dialect's way to end a stream that fails. Headers overrule its priority. */
export interface InferenceCall extends Omit<CompletionRequest, 'requestId' | 'timeout' | 'onAccepted'> {
  readonly encodeStreamFailure: (error: unknown) => string;
  /**
   * Makes the answer of the dialect out of the engine's; absent = it goes out as it came. Ending the new body early must
   * end the old one. @throws what is printed in the dialect of the path
   */
  readonly translate?: (answer: CompletionResponse) => StreamedResponse | Promise<StreamedResponse>;
  /** What the client gets is an event stream, in which comments may stand; absent = where `streaming` says so. */
  readonly eventStream?: boolean;
  /** What may stand between the lines of a body that is no event stream. */
  readonly filler?: Filler;
  /** The API that the call came by, for records; absent = OpenAI's. */
  readonly origin?: string;
  /** Made anew whenever it is asked for, also with an `Idempotency-Key`: nothing of it is worth keeping. */
  readonly repeatable?: boolean;
}

type OnAccepted = (accepted: AcceptedCompletion) => void;

/** What is left of a call when only its answer counts. */
interface RunnableCall extends Pick<InferenceCall, 'encodeStreamFailure'> {
  readonly observation: InferenceObservation;
  /** To be called once. */
  readonly run: (signal: AbortSignal, onAccepted: OnAccepted) => Promise<CompletionResponse>;
  /** Whether its client hears where it is while it waits. */
  readonly told: boolean;
  readonly translate: InferenceCall['translate'];
  readonly filler: Filler | undefined;
}

/** Hands an inference call to the cluster and its answer to the client. */
@Injectable()
export class CompletionRelay {
  constructor(
    private readonly completions: Completions,
    private readonly answers: StreamedAnswers,
    private readonly notices: StreamNotices,
    private readonly observer: InferenceObserver,
    private readonly preloads: Preloads,
  ) {}

  /**
   * Resolves when the answer has ended. Awaits nothing itself, nor does it keep `call`: once the job is in its queue nobody
   * here needs the body, and the answer may go on for long.
   * @throws LongshoreError while nothing has been sent
   */
  async relay(request: FastifyRequest, reply: FastifyReply, call: InferenceCall): Promise<void> {
    const { encodeStreamFailure, translate, eventStream = call.streaming, filler, origin, ...asked } = call;
    const { repeatable = false, ...rest } = asked;
    const { notices, preloadOnly, ...limits } = readWishes(request.headers);
    const { model, route, engine } = rest;
    if (preloadOnly) {
      const mode = ENGINE_ROUTES[route];
      return this.preloads.answer(request, reply, { model, mode, ...(engine && { engine }) });
    }
    const requestId = String(reply.getHeader('x-request-id'));
    // Of an answer that is told when it is complete the first byte says nothing about the first token.
    const streaming = eventStream || filler !== undefined;
    const observed = { requestId, model, streaming, route, ...(origin !== undefined && { origin }) };
    const observation = this.observer.begin(request, observed, rest.body);
    let completion: CompletionRequest | undefined = {
      ...rest,
      ...limits,
      ...(!repeatable && resumptionOf(request, translate !== undefined)),
      requestId,
    };
    request.body = undefined;
    const run = (signal: AbortSignal, onAccepted: OnAccepted): Promise<CompletionResponse> => {
      const running = this.completions.run({ ...(completion as CompletionRequest), onAccepted }, signal);
      completion = undefined;
      return running;
    };
    const told = notices && eventStream && ENGINE_ROUTES[route] === 'completion';
    return this.answer(request, reply, { observation, run, told, translate, filler, encodeStreamFailure });
  }

  private async answer(request: FastifyRequest, reply: FastifyReply, call: RunnableCall): Promise<void> {
    const { observation, run, told, translate, filler, encodeStreamFailure } = call;
    let endNotices: (() => void) | undefined;
    const begin = (signal: AbortSignal, writer: ResponseWriter): Promise<CompletionResponse> =>
      run(signal, (accepted) => {
        describePlace(accepted, reply);
        this.observer.accepted(observation, accepted);
        if (told) endNotices = this.notices.add(accepted, writer, voiceFor(request.headers['user-agent']));
      });
    try {
      const result = await this.answers.write({
        request,
        reply,
        encodeStreamFailure,
        ...(filler && { filler }),
        onFirstByte: () => (observation.firstByteAt = performance.now()),
        ...(translate === undefined && { onChunk: (chunk) => this.observer.passed(observation, chunk) }),
        produce: async (signal, writer) => {
          const response = this.observer.answered(observation, await begin(signal, writer));
          return translate === undefined ? response : await translate(response);
        },
      });
      void this.observer.ended(observation, result);
    } catch (error) {
      void this.observer.failed(observation, error);
      throw error;
    } finally {
      endNotices?.();
    }
  }
}

/** A translated answer is told from its start: its events are others than those that are counted. */
function resumptionOf({ headers }: FastifyRequest, translated: boolean): { resumption?: Resumption } {
  const { resumption } = readResumption(headers);
  if (resumption === undefined) return {};
  return { resumption: translated ? { ...resumption, after: 0, eventIds: false } : resumption };
}

/** Headers that go out with the answer, and with a failure in its place. */
function describePlace({ requestId, ahead, eta }: AcceptedCompletion, reply: FastifyReply): void {
  void reply.header('x-longshore-request', requestId);
  if (ahead === 0) return;
  void reply.header('x-longshore-queue-position', String(ahead + 1));
  if (eta !== undefined) void reply.header('x-longshore-queue-eta', eta.toFixed(3));
}
