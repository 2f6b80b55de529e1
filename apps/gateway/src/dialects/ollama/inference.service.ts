import { Injectable } from '@nestjs/common';
import { ENGINE_ROUTES, LongshoreError } from '#contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { affinityKey } from '../../completions/affinity-key.js';
import { ModelLoads } from '../../engines/model-loads.js';
import { CompletionRelay, type InferenceCall } from '../../http/completion-relay.js';
import { BLANK } from '../../http/half-closed-client.js';
import { StreamedAnswers } from '../../http/streamed-answers.js';
import { jsonResponse, type StreamedResponse } from '../../http/streamed-response.js';
import { encodeResidency } from './encode-answer.js';
import { type EmbeddingCall, encodeNoEmbeddings, tellEmbeddings } from './embeddings.js';
import type { JsonObject } from './fields.js';
import { mayConfigure, ModelWishesService } from './model-wishes.js';
import type { ModelWishes, OllamaCall } from './ollama-call.js';
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

  /**
   * Resolves when the answer has ended, and keeps no prompt until then.
   * @throws LongshoreError, EngineRefusal while nothing has been sent
   */
  async generate(request: FastifyRequest, reply: FastifyReply, call: OllamaCall): Promise<void> {
    const { body, ...answered } = call;
    const { model, route, streaming } = answered;
    if (body === undefined)
      return this.reside(request, reply, call, (reason) => encodeResidency(answered, reason, CLOCK.time()));
    const settings = { ...answered, startedAt: performance.now() };
    const affinity = affinityKey(body);
    return this.run(request, reply, answered, {
      model,
      route,
      streaming: true,
      eventStream: false,
      body: JSON.stringify(body),
      translate: (answer) => tellAnswer(answer, settings, CLOCK),
      ...(affinity !== undefined && { affinity }),
      ...(streaming && { filler: BLANK }),
    });
  }

  /** As `generate`. */
  async embed(request: FastifyRequest, reply: FastifyReply, call: EmbeddingCall): Promise<void> {
    const { body, ...answered } = call;
    const { model, route } = answered;
    if (body === undefined) return this.reside(request, reply, call, () => encodeNoEmbeddings(answered));
    const settings = { ...answered, startedAt: performance.now() };
    return this.run(request, reply, answered, {
      model,
      route,
      streaming: false,
      body: JSON.stringify(body),
      translate: (answer) => tellEmbeddings(answer, settings, CLOCK.now),
    });
  }

  private async run(
    request: FastifyRequest,
    reply: FastifyReply,
    wishes: ModelWishes,
    call: Omit<InferenceCall, 'identity' | 'origin' | 'encodeStreamFailure'>,
  ): Promise<void> {
    const identity = identityOf(request);
    const whole = { ...call, identity, origin: ORIGIN, encodeStreamFailure: sayNothing };
    return this.wishes
      .fulfil(wishes, ENGINE_ROUTES[call.route], request.raw)
      .then(() => this.unloadingAfter(this.relay.relay(request, reply, whole), wishes, request));
  }

  private async unloadingAfter(
    answered: Promise<void>,
    { keepAlive, model }: ModelWishes,
    request: FastifyRequest,
  ): Promise<void> {
    try {
      await answered;
    } finally {
      if (keepAlive === 0 && mayConfigure(request.raw)) void this.wishes.unload(model);
    }
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
        return jsonResponse(encode('unload'));
      }
      const mode = await this.wishes.modeOf(model, ENGINE_ROUTES[call.route]);
      await this.wishes.fulfil(call, mode, request.raw);
      await this.loads.loadNamed({ model, mode }, signal);
      return jsonResponse(encode('load'));
    };
    await this.answers.write({ request, reply, produce });
  }
}

/** What recorded calls are marked with, as the Model Runner marks them. */
const ORIGIN = 'ollama/completion';

/** What fails half-way says so in a line of the answer itself. Made once: made in a call, it would hold that call's prompt. */
const sayNothing = (): string => '';

/** A repeated request is the same when path and body are. */
function identityOf({ raw, body }: FastifyRequest): string {
  return `ollama ${raw.url ?? ''} ${typeof body === 'string' ? body : ''}`;
}
