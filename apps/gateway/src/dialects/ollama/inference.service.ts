import { Injectable } from '@nestjs/common';
import { ENGINE_ROUTES, LongshoreError } from '#contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { affinityKey } from '../../completions/affinity-key.js';
import { ModelLoads } from '../../engines/model-loads.js';
import { CompletionRelay } from '../../http/completion-relay.js';
import { BLANK } from '../../http/half-closed-client.js';
import { StreamedAnswers } from '../../http/streamed-answers.js';
import type { StreamedResponse } from '../../http/streamed-response.js';
import { encodeResidency } from './encode-answer.js';
import { type EmbeddingCall, encodeNoEmbeddings, tellEmbeddings } from './embeddings.js';
import type { JsonObject } from './fields.js';
import { mayConfigure, ModelWishesService } from './model-wishes.js';
import type { ModelWishes, OllamaCall } from './ollama-call.js';
import { JSON_TYPE, once } from './stream-lines.js';
import { tellAnswer } from './tell-answer.js';

const CLOCK = { now: () => performance.now(), time: () => new Date().toISOString() };

/** Runs the calls of the Ollama API that need a model. */
@Injectable()
export class OllamaInference {
  constructor(
    private readonly relay: CompletionRelay,
    private readonly wishes: ModelWishesService,
    private readonly loads: ModelLoads,
    private readonly answers: StreamedAnswers,
  ) {}

  /** Resolves when the answer has ended. @throws LongshoreError, EngineRefusal while nothing has been sent */
  async generate(request: FastifyRequest, reply: FastifyReply, call: OllamaCall): Promise<void> {
    const { body, streaming, route } = call;
    if (body === undefined)
      return this.reside(request, reply, call, (reason) => encodeResidency(call, reason, CLOCK.time()));
    const settings = { ...call, startedAt: performance.now() };
    await this.wishes.fulfil(call, ENGINE_ROUTES[route], request.raw);
    const affinity = affinityKey(body);
    await this.unloadingAfter(request, call, () =>
      this.relay.relay(request, reply, {
        model: call.model,
        route,
        streaming: true,
        eventStream: false,
        body: JSON.stringify(body),
        identity: identityOf(request),
        origin: ORIGIN,
        encodeStreamFailure: () => '',
        translate: (answer) => tellAnswer(answer, settings, CLOCK),
        ...(affinity !== undefined && { affinity }),
        ...(streaming && { filler: BLANK }),
      }),
    );
  }

  /** Resolves when the answer has ended. @throws LongshoreError, EngineRefusal while nothing has been sent */
  async embed(request: FastifyRequest, reply: FastifyReply, call: EmbeddingCall): Promise<void> {
    if (call.body === undefined) return this.reside(request, reply, call, () => encodeNoEmbeddings(call));
    const startedAt = performance.now();
    await this.wishes.fulfil(call, ENGINE_ROUTES[call.route], request.raw);
    const body = JSON.stringify(call.body);
    await this.unloadingAfter(request, call, () =>
      this.relay.relay(request, reply, {
        model: call.model,
        route: call.route,
        streaming: false,
        body,
        identity: identityOf(request),
        origin: ORIGIN,
        encodeStreamFailure: () => '',
        translate: (answer) => tellEmbeddings(answer, { ...call, startedAt }, CLOCK.now),
      }),
    );
  }

  /** Loads or unloads a model for a call that asks for nothing else. */
  private async reside(
    request: FastifyRequest,
    reply: FastifyReply,
    call: ModelWishes & Pick<OllamaCall, 'route'>,
    encode: (reason: 'load' | 'unload') => JsonObject,
  ): Promise<void> {
    const { model, keepAlive } = call;
    const produce = async (signal: AbortSignal): Promise<StreamedResponse> => {
      if (keepAlive === 0) {
        if (!mayConfigure(request.raw))
          throw new LongshoreError(
            'not_allowed',
            'This API key lacks the scope "models", which unloading needs.',
          );
        await this.wishes.unloadNamed(model);
        return answerOf(encode('unload'));
      }
      const mode = await this.wishes.modeOf(model, ENGINE_ROUTES[call.route]);
      await this.wishes.fulfil(call, mode, request.raw);
      await this.loads.loadNamed({ model, mode }, signal);
      return answerOf(encode('load'));
    };
    await this.answers.write({ request, reply, produce });
  }

  private async unloadingAfter(
    request: FastifyRequest,
    { keepAlive, model }: ModelWishes,
    answer: () => Promise<void>,
  ): Promise<void> {
    try {
      await answer();
    } finally {
      if (keepAlive === 0 && mayConfigure(request.raw)) void this.wishes.unload(model);
    }
  }
}

const ORIGIN = 'ollama';

/** A repeated request is the same when path and body are. */
function identityOf({ raw, body }: FastifyRequest): string {
  return `${ORIGIN} ${raw.url ?? ''} ${typeof body === 'string' ? body : ''}`;
}

function answerOf(object: JsonObject): StreamedResponse {
  return { status: 200, headers: { 'content-type': JSON_TYPE }, body: once(object) };
}
