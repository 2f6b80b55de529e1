import { Controller, Get, Query, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { EndlessAnswers } from '../../http/endless-answers.js';
import { StreamedAnswers } from '../../http/streamed-answers.js';
import { invalidRequest } from '../decode-body.js';
import { readFlag } from '../read-flag.js';
import { RequestsService } from './requests.service.js';
import { Operation } from '../../openapi/operation.js';
import { REQUESTS } from '../operations.js';

/** Recorded calls: a list, or an event stream for who accepts nothing else. */
@Controller('engines/requests')
export class RequestsController {
  constructor(
    private readonly requests: RequestsService,
    private readonly answers: StreamedAnswers,
    private readonly endless: EndlessAnswers,
  ) {}

  @Operation(REQUESTS)
  @Get()
  async show(
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
    @Query('model') named: unknown,
    @Query('include_existing') included: unknown,
  ): Promise<void> {
    if (named !== undefined && typeof named !== 'string') throw invalidRequest('give "model" once.');
    const model = named === '' ? undefined : named;
    const existing = readFlag(included, 'include_existing');
    if (request.headers.accept !== 'text/event-stream')
      return void (await reply.send(await this.requests.list(model)));
    await this.answers.write({
      request,
      reply,
      produce: async (signal) => ({
        status: 200,
        headers: { 'content-type': 'text/event-stream' },
        body: this.requests.follow({ model, existing }, this.endless.bound(signal)),
      }),
    });
  }
}
