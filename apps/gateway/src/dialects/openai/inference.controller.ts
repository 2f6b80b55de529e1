import { Controller, Post, Req, Res } from '@nestjs/common';
import type { EngineRoute } from '#contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CompletionRelay } from '../../http/completion-relay.js';
import { decodeRequest } from './decode-request.js';
import { encodeStreamFailure } from './encode-error.js';
import { engineOf } from '../../http/engine-of.js';
import { OPENAI_PREFIXES } from './prefixes.js';

interface InferencePath {
  Params: { engine?: string };
}

/** The inference calls of the OpenAI API. The body goes to the engine as it came and the answer comes back as it went. */
@Controller(OPENAI_PREFIXES)
export class InferenceController {
  constructor(private readonly relay: CompletionRelay) {}

  @Post('chat/completions')
  chat(@Req() request: FastifyRequest<InferencePath>, @Res() reply: FastifyReply): Promise<void> {
    return this.infer(request, reply, '/v1/chat/completions');
  }

  @Post('completions')
  complete(@Req() request: FastifyRequest<InferencePath>, @Res() reply: FastifyReply): Promise<void> {
    return this.infer(request, reply, '/v1/completions');
  }

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
    const decoded = decodeRequest(request.body);
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
