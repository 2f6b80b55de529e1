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
    const body = readBody(request.body);
    const call = decodeChat(body, await this.defaults.of(readModel(body)));
    await this.inference.generate(request, reply, call);
  }

  @Post('generate')
  @Operation(GENERATE)
  async generate(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const body = readBody(request.body);
    const call = decodeGenerate(body, await this.defaults.of(readModel(body)));
    await this.inference.generate(request, reply, call);
  }

  @Post('embed')
  @Operation(EMBED)
  async embed(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    await this.inference.embed(request, reply, decodeEmbed(readBody(request.body)));
  }

  @Post('embeddings')
  @Operation(EMBEDDINGS)
  async embeddings(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    await this.inference.embed(request, reply, decodeEmbeddings(readBody(request.body)));
  }
}
