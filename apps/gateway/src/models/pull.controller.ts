import { Controller, Post, Req, Res } from '@nestjs/common';
import { Pulls } from '#queue';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { GatewayConfig } from '../gateway.config.js';
import { BLANK } from '../http/half-closed-client.js';
import { StreamedAnswers } from '../http/streamed-answers.js';
import { decodePull } from './decode-pull.js';
import { progressLines } from './progress-lines.js';

/** Pulls a model into the cluster and streams the progress. Hanging up leaves the pull running. */
@Controller('models')
export class PullController {
  constructor(
    private readonly pulls: Pulls,
    private readonly answers: StreamedAnswers,
    private readonly config: GatewayConfig,
  ) {}

  @Post('create')
  async create(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const job = decodePull(request.body, this.config.defaultRegistry);
    const json = request.headers.accept === 'application/json';
    const headers = {
      'content-type': json ? 'application/json' : 'text/plain; charset=utf-8',
      'cache-control': 'no-cache',
      'x-content-type-options': 'nosniff',
    };
    await this.answers.write({
      request,
      reply,
      filler: BLANK,
      produce: async (signal) => ({
        status: 200,
        headers,
        body: progressLines(this.pulls.follow(job, signal)),
      }),
    });
  }
}
