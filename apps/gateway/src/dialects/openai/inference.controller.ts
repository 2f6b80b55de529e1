import { Controller, Post, Req, Res } from '@nestjs/common';
import type { EngineRoute } from '#contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CompletionRelay } from '../../http/completion-relay.js';
import { decodeRequest } from './decode-request.js';
import { encodeStreamFailure } from './encode-error.js';
import { engineOf } from '../../http/engine-of.js';
import { Operation } from '../../openapi/operation.js';
import { FIELDS_OF } from './request-fields.js';
import { inferenceOperation } from './operations.js';
import { OPENAI_PREFIXES } from './prefixes.js';
import {
  CHAT_COMPLETION,
  CHAT_REQUEST,
  COMPLETION,
  COMPLETION_REQUEST,
  EMBEDDING_REQUEST,
  EMBEDDINGS,
} from './schemas.js';

interface InferencePath {
  Params: { engine?: string };
}

/** The inference calls of the OpenAI API. The body goes to the engine as it came and the answer comes back as it went. */
@Controller(OPENAI_PREFIXES)
export class InferenceController {
  constructor(private readonly relay: CompletionRelay) {}

  @Operation(
    inferenceOperation({
      summary: 'Answer a chat',
      request: CHAT_REQUEST,
      answer: CHAT_COMPLETION,
      stream: 'Chunks as `data:` lines, and `data: [DONE]`.',
    }),
  )
  @Post('chat/completions')
  chat(@Req() request: FastifyRequest<InferencePath>, @Res() reply: FastifyReply): Promise<void> {
    return this.infer(request, reply, '/v1/chat/completions');
  }

  @Operation(
    inferenceOperation({
      summary: 'Go on with a text',
      request: COMPLETION_REQUEST,
      answer: COMPLETION,
      stream: 'Chunks as `data:` lines, and `data: [DONE]`.',
    }),
  )
  @Post('completions')
  complete(@Req() request: FastifyRequest<InferencePath>, @Res() reply: FastifyReply): Promise<void> {
    return this.infer(request, reply, '/v1/completions');
  }

  @Operation(inferenceOperation({ summary: 'Embed texts', request: EMBEDDING_REQUEST, answer: EMBEDDINGS }))
  @Post('embeddings')
  embed(@Req() request: FastifyRequest<InferencePath>, @Res() reply: FastifyReply): Promise<void> {
    return this.infer(request, reply, '/v1/embeddings');
  }

  private infer(
    request: FastifyRequest<InferencePath>,
    reply: FastifyReply,
    route: EngineRoute,
  ): Promise<void> {
    const engine = engineOf(request.params.engine);
    // Who names an attached server means what that one supports, which may be more than our own engines do.
    const decoded = decodeRequest(request.body, engine === 'openai' ? {} : FIELDS_OF[route]);
    const body = request.body as string;
    return this.relay.relay(request, reply, {
      ...decoded,
      route,
      body,
      encodeStreamFailure,
      ...(engine && { engine }),
    });
  }
}
