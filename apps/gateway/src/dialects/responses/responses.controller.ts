import { Controller, Delete, Get, HttpCode, Param, Post, Query, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { CompletionResponse } from '../../completions/completions.js';
import { readWishes } from '../../http/caller-wishes.js';
import { CompletionRelay, type InferenceCall } from '../../http/completion-relay.js';
import { engineOf } from '../../http/engine-of.js';
import { StreamedAnswers } from '../../http/streamed-answers.js';
import { Operation } from '../../openapi/operation.js';
import { readResumption } from '../../streams/read-resumption.js';
import { BackgroundResponses } from './background-responses.js';
import { answerCount, asCount } from './count-input-tokens.js';
import { decodeModelOnly } from './decode-request.js';
import { encodeStreamFailure } from './encode-stream-failure.js';
import { invalid } from './fields.js';
import * as operations from './operations.js';
import { type PageQuery, pageOfItems } from './page-of-items.js';
import { type PreparedResponse, ResponseService } from './response.service.js';

interface ResponsePath {
  Params: { engine?: string };
}

/** Where the Responses API is found: at its own place, and where Model Runner clients look for it. */
const PREFIXES = [
  'v1/responses',
  'responses',
  'engines/responses',
  'engines/v1/responses',
  'engines/:engine/v1/responses',
];

/** The Responses API. Errors are those of the OpenAI dialect; a stream that fails ends with `response.failed`. */
@Controller(PREFIXES)
export class ResponsesController {
  constructor(
    private readonly responses: ResponseService,
    private readonly background: BackgroundResponses,
    private readonly relay: CompletionRelay,
    private readonly answers: StreamedAnswers,
  ) {}

  @Operation(operations.CREATE)
  @Post()
  async create(@Req() request: FastifyRequest<ResponsePath>, @Res() reply: FastifyReply): Promise<void> {
    const engine = engineOf(request.params.engine);
    if (readWishes(request.headers).preloadOnly)
      return this.relay.relay(request, reply, { ...preload(request.body), ...(engine && { engine }) });
    // Not awaited here: that would hold on to the request for as long as it is answered.
    return this.responses.prepare(request.body).then((prepared) => {
      const { request: asked, call } = prepared;
      if (asked.background) return this.createInBackground(prepared, request, reply);
      const translate = (chat: CompletionResponse) => this.responses.answer(asked, chat);
      return this.relay.relay(request, reply, {
        ...call,
        encodeStreamFailure,
        translate,
        ...(engine && { engine }),
      });
    });
  }

  @Operation(operations.COUNT_INPUT)
  @Post('input_tokens')
  async countInput(@Req() request: FastifyRequest<ResponsePath>, @Res() reply: FastifyReply): Promise<void> {
    const engine = engineOf(request.params.engine);
    const { call } = await this.responses.prepare(request.body, asCount);
    return this.relay.relay(request, reply, {
      ...call,
      encodeStreamFailure,
      repeatable: true,
      translate: answerCount,
      ...(engine && { engine }),
    });
  }

  @Operation(operations.GET)
  @Get(':id')
  async get(
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
    @Param('id') id: string,
    @Query('stream') stream?: unknown,
    @Query('starting_after') startingAfter?: unknown,
  ): Promise<void> {
    if (!readStream(stream)) return void (await reply.send(await this.responses.get(id)));
    const after = startingAfter === undefined ? -1 : readNumber(startingAfter);
    const produce = (signal: AbortSignal) => this.responses.follow(id, after, signal);
    await this.answers.write({ request, reply, encodeStreamFailure, produce });
  }

  @Operation(operations.CANCEL)
  @Post(':id/cancel')
  @HttpCode(200)
  cancel(@Param('id') id: string): Promise<Record<string, unknown>> {
    return this.responses.cancel(id);
  }

  @Operation(operations.DELETE)
  @Delete(':id')
  async delete(@Param('id') id: string): Promise<Record<string, unknown>> {
    await this.responses.delete(id);
    return { id, object: 'response.deleted', deleted: true };
  }

  @Operation(operations.LIST_INPUT)
  @Get(':id/input_items')
  async inputItems(@Param('id') id: string, @Query() query: PageQuery): Promise<Record<string, unknown>> {
    return pageOfItems(await this.responses.inputItems(id), query);
  }

  private async createInBackground(
    prepared: PreparedResponse,
    request: FastifyRequest<ResponsePath>,
    reply: FastifyReply,
  ): Promise<void> {
    const engine = engineOf(request.params.engine);
    const { notices: _, preloadOnly: __, ...wishes } = readWishes(request.headers);
    const limits = {
      requestId: String(reply.getHeader('x-request-id')),
      ...wishes,
      ...readResumption(request.headers),
      ...(engine && { engine }),
    };
    const begun = await this.background.begin(prepared, limits, request);
    if (!prepared.request.stream) return void (await reply.code(200).send(await this.responses.get(begun)));
    const produce = (signal: AbortSignal) => this.responses.follow(begun, -1, signal);
    await this.answers.write({ request, reply, encodeStreamFailure, produce });
  }
}

/** A call that is not made: only its model is wanted. */
function preload(body: unknown): InferenceCall {
  const model = decodeModelOnly(body);
  return { model, route: '/v1/chat/completions', body: '', streaming: false, encodeStreamFailure };
}

function readStream(text: unknown): boolean {
  if (text === undefined || text === 'false') return false;
  if (text === 'true') return true;
  throw invalid('"stream" must be true or false.', 'stream');
}

function readNumber(text: unknown): number {
  if (typeof text === 'string' && /^\d{1,9}$/.test(text)) return Number(text);
  throw invalid('"starting_after" must be the sequence number of an event.', 'starting_after');
}
