import { Controller, Delete, HttpCode, Post, Query, Req, Res } from '@nestjs/common';
import type { DeletedEntry } from '#cluster';
import { Pulls } from '#queue';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { GatewayConfig } from '../gateway.config.js';
import { BLANK } from '../http/half-closed-client.js';
import { StreamedAnswers } from '../http/streamed-answers.js';
import { RouteFailure } from '../http/failure.js';
import { isForced } from './decode-action.js';
import { decodePull, referenceOf } from './decode-pull.js';
import { ModelRemoval } from './model-removal.js';
import { progressHead } from './progress-head.js';
import { progressLines } from './progress-lines.js';
import { Operation } from '../openapi/operation.js';
import { CANCEL_PULL, PULL } from './operations.js';

/** Pulls a model into the cluster and streams the progress. Hanging up leaves the pull running. */
@Controller('models')
export class PullController {
  constructor(
    private readonly pulls: Pulls,
    private readonly removal: ModelRemoval,
    private readonly answers: StreamedAnswers,
    private readonly config: GatewayConfig,
  ) {}

  @Operation(PULL)
  @Post('create')
  async create(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const job = decodePull(request.body, this.config.defaultRegistry);
    await this.answers.write({
      request,
      reply,
      filler: BLANK,
      produce: async (signal) => ({
        status: 200,
        headers: progressHead(request),
        body: progressLines(this.pulls.follow(job, signal)),
      }),
    });
  }
  /** Ends a pull for everybody who follows it. Without `from` the path means a model of that name. */
  @Operation(CANCEL_PULL)
  @Delete('create')
  @HttpCode(200)
  async cancel(
    @Query('from') from: unknown,
    @Query('force') force: unknown,
  ): Promise<readonly DeletedEntry[] | undefined> {
    if (from === undefined) return this.removal.remove('create', { force: isForced(force) });
    const reference = referenceOf(typeof from === 'string' ? from : '', this.config.defaultRegistry);
    if (await this.pulls.cancel(reference)) return undefined;
    throw new RouteFailure(404, `no pull of ${reference} is going on`);
  }
}
