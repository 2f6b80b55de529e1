import { Controller, Delete, Get, HttpCode, Param, Query, Req, Res } from '@nestjs/common';
import { Catalogue, type DeletedEntry } from '#cluster';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { StreamedAnswers } from '../http/streamed-answers.js';
import { isFlagSet, isForced, splitAction } from './decode-action.js';
import { encodeModel, type ListedModel } from './encode-model.js';
import { ModelRemoval } from './model-removal.js';
import { ModelTransfers } from './model-transfers.js';
import { Operation } from '../openapi/operation.js';
import { EXPORT, LIST, PURGE, REMOVE, SHOW } from './operations.js';

/** The models of the cluster, as the Model Runner API shows them. */
@Controller('models')
export class ModelsController {
  constructor(
    private readonly catalogue: Catalogue,
    private readonly transfers: ModelTransfers,
    private readonly answers: StreamedAnswers,
    private readonly removal: ModelRemoval,
  ) {}

  @Operation(LIST)
  @Get()
  async list(): Promise<ListedModel[]> {
    return (await this.catalogue.list()).map((model) => encodeModel(model));
  }

  /** One model, one in its registry with `?remote=true`, or with `/export` behind its name the files of one. */
  @Operation(SHOW)
  @Operation(EXPORT)
  @Get('*')
  async show(
    @Param('*') path: string,
    @Query('remote') remote: unknown,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { model, action } = splitAction(path);
    if (action === 'export' && model !== '') {
      const produce = (signal: AbortSignal) => this.transfers.exportModel(model, signal);
      await this.answers.write({ request, reply, produce });
    } else if (isFlagSet(remote)) {
      const produce = async (signal: AbortSignal) => asJson(await this.transfers.inspectRemote(path, signal));
      await this.answers.write({ request, reply, produce });
    } else {
      await reply.send(encodeModel(await this.transfers.locate(path)));
    }
  }

  @Operation(PURGE)
  @Delete('purge')
  @HttpCode(200)
  async purge(): Promise<void> {
    await this.removal.purge();
  }

  @Operation(REMOVE)
  @Delete('*')
  remove(@Param('*') name: string, @Query('force') force: unknown): Promise<readonly DeletedEntry[]> {
    return this.removal.remove(name, { force: isForced(force) });
  }
}

function asJson(value: object) {
  async function* body(): AsyncGenerator<Buffer, void, void> {
    yield Buffer.from(JSON.stringify(value));
  }
  const headers = { 'content-type': 'application/json; charset=utf-8' };
  return { status: 200, headers, body: body() };
}
