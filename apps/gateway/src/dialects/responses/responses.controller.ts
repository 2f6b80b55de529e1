import { Controller, Delete, Get, HttpCode, Param, Post, Query, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { readWishes } from '../../http/caller-wishes.js';
import { Preloads } from '../../http/preloads.js';
import { StreamedAnswers } from '../../http/streamed-answers.js';
import { readResumption } from '../../streams/read-resumption.js';
import { engineOf } from '../../http/engine-of.js';
import { decodeResponsesRequest } from './decode-request.js';
import { invalid, type Item } from './fields.js';
import { ResponseService } from './response.service.js';

interface ResponsePath {
  Params: { engine?: string };
}

/** Where the Responses API is found: at its own place, and where Model Runner clients look for it. */
const PREFIXES = [
  'responses',
  'v1/responses',
  'engines/responses',
  'engines/v1/responses',
  'engines/:engine/v1/responses',
];

const MOST_ITEMS = 100;

/** The Responses API. Errors are those of the OpenAI dialect; a stream that fails ends with `response.failed`. */
@Controller(PREFIXES)
export class ResponsesController {
  constructor(
    private readonly responses: ResponseService,
    private readonly answers: StreamedAnswers,
    private readonly preloads: Preloads,
  ) {}

  @Post()
  async create(@Req() request: FastifyRequest<ResponsePath>, @Res() reply: FastifyReply): Promise<void> {
    const engine = engineOf(request.params.engine);
    const { notices: _, preloadOnly, ...limits } = readWishes(request.headers);
    if (preloadOnly) {
      const { model } = decodeResponsesRequest(request.body);
      return this.preloads.answer(request, reply, { model, mode: 'completion', ...(engine && { engine }) });
    }
    const incoming = {
      body: request.body,
      requestId: String(reply.getHeader('x-request-id')),
      limits,
      ...readResumption(request.headers),
      ...(engine === undefined ? {} : { engine }),
    };
    request.body = undefined;
    await this.answers.write({
      request,
      reply,
      produce: (signal) => this.responses.create(incoming, signal),
    });
  }

  @Get(':id')
  async get(
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
    @Param('id') id: string,
    @Query('stream') stream?: string,
    @Query('starting_after') startingAfter?: string,
  ): Promise<void> {
    if (!readStream(stream)) return void (await reply.send(await this.responses.get(id)));
    const after = startingAfter === undefined ? -1 : readNumber(startingAfter);
    await this.answers.write({
      request,
      reply,
      produce: (signal) => this.responses.follow(id, after, signal),
    });
  }

  @Post(':id/cancel')
  @HttpCode(200)
  cancel(@Param('id') id: string): Promise<Record<string, unknown>> {
    return this.responses.cancel(id);
  }

  @Delete(':id')
  async delete(@Param('id') id: string): Promise<Record<string, unknown>> {
    await this.responses.delete(id);
    return { id, object: 'response.deleted', deleted: true };
  }

  @Get(':id/input_items')
  async inputItems(
    @Param('id') id: string,
    @Query('order') order?: string,
    @Query('after') after?: string,
    @Query('limit') limit?: string,
  ): Promise<Record<string, unknown>> {
    const items = await this.responses.inputItems(id);
    const ordered = isAscending(order) ? items : items.toReversed();
    const start = after === undefined ? 0 : placeAfter(after, ordered);
    const data = ordered.slice(start, start + readLimit(limit));
    const idOf = (item: Item | undefined): unknown => item?.['id'] ?? null;
    const hasMore = start + data.length < ordered.length;
    return { object: 'list', data, first_id: idOf(data[0]), last_id: idOf(data.at(-1)), has_more: hasMore };
  }
}

function readStream(text: string | undefined): boolean {
  if (text === undefined || text === 'false') return false;
  if (text === 'true') return true;
  throw invalid('"stream" must be true or false.', 'stream');
}

function isAscending(order: string | undefined): boolean {
  if (order === undefined || order === 'desc') return false;
  if (order === 'asc') return true;
  throw invalid('"order" must be "asc" or "desc".', 'order');
}

function placeAfter(id: string, items: readonly Item[]): number {
  const place = items.findIndex((item) => item['id'] === id);
  if (place < 0) throw invalid('"after" must be the id of an item of this response.', 'after');
  return place + 1;
}

function readNumber(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw invalid('"starting_after" must be the sequence number of an event.', 'starting_after');
}

function readLimit(text: string | undefined): number {
  const limit = text === undefined ? 20 : Number(text);
  if (Number.isInteger(limit) && limit >= 1 && limit <= MOST_ITEMS) return limit;
  throw invalid(`"limit" must be a whole number from 1 to ${MOST_ITEMS}.`, 'limit');
}
