import { Controller, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CallDefaultsService } from './call-defaults.js';
import { decodeChat, decodeGenerate } from './decode-call.js';
import { decodeEmbed, decodeEmbeddings } from './embeddings.js';
import { readBody, readModel } from './fields.js';
import { OllamaInference } from './inference.service.js';
import { Operation } from '../../openapi/operation.js';
import { CHAT, EMBED, EMBEDDINGS, GENERATE } from './operations.js';

/** The calls of the Ollama API that need a model. */
@Controller('api')
export class OllamaInferenceController {
  constructor(
    private readonly inference: OllamaInference,
    private readonly defaults: CallDefaultsService,
  ) {}

  @Post('chat')
  @Operation(CHAT)
  async chat(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.answer(request, reply, decodeChat);
  }

  @Post('generate')
  @Operation(GENERATE)
  async generate(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.answer(request, reply, decodeGenerate);
  }

  @Post('embed')
  @Operation(EMBED)
  async embed(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.inference.embed(request, reply, decodeEmbed(readBody(request.body)));
  }

  @Post('embeddings')
  @Operation(EMBEDDINGS)
  async embeddings(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.inference.embed(request, reply, decodeEmbeddings(readBody(request.body)));
  }

  /** Not awaited here: that would hold on to the request for as long as it is answered. */
  private async answer(
    request: FastifyRequest,
    reply: FastifyReply,
    decode: typeof decodeChat,
  ): Promise<void> {
    const body = readBody(request.body);
    return this.defaults
      .of(readModel(body))
      .then((defaults) => this.inference.generate(request, reply, decode(body, defaults)));
  }
}
