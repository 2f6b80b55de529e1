import { Controller, Get, Query, Req, Res } from '@nestjs/common';
import type { RecentLine } from '#observability';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { EndlessAnswers } from '../../http/endless-answers.js';
import { BLANK } from '../../http/half-closed-client.js';
import { StreamedAnswers } from '../../http/streamed-answers.js';
import { readFlag } from '../read-flag.js';
import { LogsService } from './logs.service.js';
import { Operation } from '../../openapi/operation.js';
import { LOGS } from '../operations.js';

/** The log of the whole cluster as text. */
@Controller('logs')
export class LogsController {
  constructor(
    private readonly logs: LogsService,
    private readonly answers: StreamedAnswers,
    private readonly endless: EndlessAnswers,
  ) {}

  @Operation(LOGS)
  @Get()
  async show(
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
    @Query('follow') follow: unknown,
    @Query('no-engines') noEngines: unknown,
  ): Promise<void> {
    const follows = readFlag(follow, 'follow');
    const wants = readFlag(noEngines, 'no-engines') ? isOurs : () => true;
    await this.answers.write({
      request,
      reply,
      filler: BLANK,
      produce: async (signal) => ({
        status: 200,
        headers: { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' },
        body: follows ? this.logs.follow(wants, this.endless.bound(signal)) : this.latest(wants, signal),
      }),
    });
  }

  private async *latest(
    wants: (line: RecentLine) => boolean,
    signal: AbortSignal,
  ): AsyncGenerator<Buffer, void, void> {
    yield await this.logs.latest(wants, signal);
  }
}

function isOurs({ engine }: RecentLine): boolean {
  return !engine;
}
