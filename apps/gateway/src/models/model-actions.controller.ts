import { Controller, Param, Post, Query, Req, Res } from '@nestjs/common';
import { Catalogue } from '#cluster';
import { LongshoreError } from '#contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { GatewayConfig } from '../gateway.config.js';
import { RouteFailure } from '../http/failure.js';
import { BLANK } from '../http/half-closed-client.js';
import { StreamedAnswers } from '../http/streamed-answers.js';
import type { StreamedResponse } from '../http/streamed-response.js';
import { decodePush, decodeRepackage, decodeTag, splitAction } from './decode-action.js';
import { findManaged } from './find-managed.js';
import { ModelTransfers } from './model-transfers.js';
import { progressHead } from './progress-head.js';
import { Operation } from '../openapi/operation.js';
import { PUSH, REPACKAGE, TAG } from './operations.js';

/** What can be done with a model: `POST /models/<any name>/<action>`. */
@Controller('models')
export class ModelActionsController {
  constructor(
    private readonly catalogue: Catalogue,
    private readonly transfers: ModelTransfers,
    private readonly answers: StreamedAnswers,
    private readonly config: GatewayConfig,
  ) {}

  @Operation(TAG)
  @Operation(PUSH)
  @Operation(REPACKAGE)
  @Post('*')
  async act(
    @Param('*') path: string,
    @Query() query: Readonly<Record<string, unknown>>,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { model, action } = splitAction(path);
    if (action === 'tag') await this.tag(model, query, reply);
    else if (action === 'push') await this.push(model, request, reply);
    else if (action === 'repackage') await this.repackage(model, request, reply);
    else throw new RouteFailure(404, `unknown action ${JSON.stringify(action)}`);
  }

  private async tag(
    model: string,
    query: Readonly<Record<string, unknown>>,
    reply: FastifyReply,
  ): Promise<void> {
    const { shown, reference } = decodeTag(query, this.config.defaultRegistry);
    try {
      await this.catalogue.tag((await findManaged(this.catalogue, model))?.id ?? model, reference);
    } catch (error) {
      const isUnknown = error instanceof LongshoreError && error.code === 'model_not_found';
      throw isUnknown ? new RouteFailure(404, `model not found: ${model}`) : error;
    }
    const message = `Model tagged successfully with "${shown}"`;
    await reply.code(201).send({ message, target: shown });
  }

  private async push(model: string, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const push = decodePush({ model, body: request.body }, this.config.defaultRegistry);
    const produce = async (signal: AbortSignal): Promise<StreamedResponse> => {
      const body = await this.transfers.push({ model, ...push }, signal);
      return { status: 200, headers: progressHead(request), body };
    };
    await this.answers.write({ request, reply, filler: BLANK, produce });
  }

  private async repackage(source: string, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const wanted = decodeRepackage(request.body, this.config.defaultRegistry);
    const produce = async (signal: AbortSignal): Promise<StreamedResponse> => {
      await this.transfers.repackage(source, wanted, signal);
      const message = `Model repackaged successfully as "${wanted.shown}"`;
      const answer = JSON.stringify({ message, source, target: wanted.shown });
      return {
        status: 201,
        headers: { 'content-type': 'application/json; charset=utf-8' },
        body: once(answer),
      };
    };
    await this.answers.write({ request, reply, produce });
  }
}

async function* once(text: string): AsyncGenerator<Buffer, void, void> {
  yield Buffer.from(text);
}
