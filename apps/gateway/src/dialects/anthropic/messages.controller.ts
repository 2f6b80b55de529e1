import { Catalogue } from '#cluster';
import { type EngineName, LongshoreError } from '#contracts';
import { Controller, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { openChat } from '../../chat/open-chat.js';
import { affinityKey } from '../../completions/affinity-key.js';
import type { CompletionResponse } from '../../completions/completions.js';
import { CompletionRelay, type InferenceCall } from '../../http/completion-relay.js';
import { engineOf } from '../../http/engine-of.js';
import { readJsonBody } from '../../http/json-body.js';
import type { StreamedResponse } from '../../http/streamed-response.js';
import { Operation } from '../../openapi/operation.js';
import { COUNT_ROUTE, CountingUnknown, readCount, readUsage } from './count-tokens.js';
import { decodeModel, decodeRequest, type MessagesRequest } from './decode-request.js';
import { encodeStreamFailure } from './encode-error.js';
import { messageId } from './encode-message.js';
import type { Fields } from './fields.js';
import { MessageAssembler } from './message-assembler.js';
import { COUNT_TOKENS, CREATE_MESSAGE } from './operations.js';
import { ANTHROPIC_PREFIXES } from './prefixes.js';
import { streamMessage, wholeMessage } from './tell-message.js';

interface MessagesPath {
  Params: { engine?: string };
}

/** A request for a message that is ready to be run. */
interface PreparedRequest {
  readonly request: MessagesRequest;
  /** What all its calls have in common. */
  readonly call: Pick<InferenceCall, 'model' | 'origin' | 'identity' | 'affinity' | 'encodeStreamFailure'> & {
    readonly engine?: EngineName;
  };
}

/** The Messages API. It answers by chat completions, because answers of those go on when their worker dies. */
@Controller(ANTHROPIC_PREFIXES)
export class MessagesController {
  constructor(
    private readonly relay: CompletionRelay,
    private readonly catalogue: Catalogue,
  ) {}

  @Operation(CREATE_MESSAGE)
  @Post('messages')
  async create(@Req() request: FastifyRequest<MessagesPath>, @Res() reply: FastifyReply): Promise<void> {
    // Not awaited here: that would hold on to the request for as long as it is answered.
    return this.completionOf(request, reply).then((call) => this.run(request, reply, call));
  }

  /** Where the engine cannot count without answering, it answers with one token and tells what it has read. */
  @Operation(COUNT_TOKENS)
  @Post('messages/count_tokens')
  async count(@Req() request: FastifyRequest<MessagesPath>, @Res() reply: FastifyReply): Promise<void> {
    const prepared = await this.prepare(request, reply, true);
    const { request: counted, call } = prepared;
    const body = JSON.stringify(counted.chat);
    try {
      await this.run(request, reply, {
        ...call,
        route: COUNT_ROUTE,
        body,
        streaming: false,
        repeatable: true,
        translate: readCount,
      });
    } catch (error) {
      if (!(error instanceof CountingUnknown)) throw error;
      await this.run(request, reply, {
        ...call,
        route: '/v1/chat/completions',
        body: JSON.stringify({ ...counted.chat, max_tokens: 1 }),
        streaming: false,
        repeatable: true,
        translate: readUsage,
      });
    }
  }

  private async completionOf(
    http: FastifyRequest<MessagesPath>,
    reply: FastifyReply,
  ): Promise<InferenceCall> {
    const { call, request } = await this.prepare(http, reply, false);
    const { chat, ...options } = request;
    const verbose = await this.mayAskWhatEnded(request);
    return {
      ...call,
      route: '/v1/chat/completions',
      body: JSON.stringify({ ...chat, ...verbose, stream: true, stream_options: { include_usage: true } }),
      streaming: true,
      eventStream: options.stream,
      translate: (answer) => tellAnswer(answer, options),
    };
  }

  private async prepare(
    http: FastifyRequest<MessagesPath>,
    reply: FastifyReply,
    counting: boolean,
  ): Promise<PreparedRequest> {
    const requestId = String(reply.getHeader('x-request-id'));
    void reply.header('request-id', requestId);
    const engine = engineOf(http.params.engine);
    const text = http.body;
    const request = await this.decode(readJsonBody(text), counting);
    const affinity = affinityKey(request.chat);
    return {
      request,
      call: {
        model: request.model,
        origin: 'anthropic/messages',
        identity: `anthropic ${counting ? 'count ' : ''}${String(text)}`,
        encodeStreamFailure: (error) => encodeStreamFailure(error, requestId),
        ...(affinity !== undefined && { affinity }),
        ...(engine && { engine }),
      },
    };
  }

  /** That a model is not there is told before anything else that is wrong. */
  private async decode(body: Fields, counting: boolean): Promise<MessagesRequest> {
    const model = decodeModel(body);
    try {
      return decodeRequest(body, counting);
    } catch (error) {
      if ((await this.catalogue.find(model)) === undefined) throw notFound(model);
      throw error;
    }
  }

  /** llama.cpp says which stop sequence ended an answer where it is asked for that; others may refuse the question. */
  private async mayAskWhatEnded({ model, stopSequences }: MessagesRequest): Promise<{ verbose?: true }> {
    if (stopSequences.length === 0) return {};
    const known = await this.catalogue.find(model);
    return known?.config.format === 'remote' ? {} : { verbose: true };
  }

  private async run(http: FastifyRequest, reply: FastifyReply, call: InferenceCall): Promise<void> {
    const { model } = call;
    return this.relay.relay(http, reply, call).catch((error: unknown) => {
      const missing = error instanceof LongshoreError && error.code === 'model_not_found';
      throw missing ? notFound(model) : error;
    });
  }
}

async function tellAnswer(
  answer: CompletionResponse,
  { stream, ...options }: Omit<MessagesRequest, 'chat'>,
): Promise<StreamedResponse> {
  const chunks = await openChat(answer);
  const id = messageId(answer.headers['x-longshore-request'] ?? '');
  const assembler = new MessageAssembler({ id, ...options });
  return stream ? streamMessage(chunks, assembler, answer) : wholeMessage(chunks, assembler, answer);
}

function notFound(model: string): LongshoreError {
  return new LongshoreError('model_not_found', `Model not found: ${model}`, 'model');
}
