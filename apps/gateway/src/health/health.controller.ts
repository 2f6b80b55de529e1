import { Controller, Get, Res, ServiceUnavailableException } from '@nestjs/common';
import { WorkerDirectory } from '#cluster';
import { HealthCheckService, HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus';
import type { FastifyReply } from 'fastify';
import { Operation } from '../openapi/operation.js';
import { objectOf, oneWordOf, TEXT } from '../openapi/schema.js';
import { RedisProbe } from './redis-probe.js';

const REDIS_TIMEOUT_MS = 2_000;

const READINESS = objectOf(
  { status: TEXT, info: { type: 'object' }, error: { type: 'object' }, details: { type: 'object' } },
  ['status'],
);

/**
 * Live: the process answers. Accepting: it can put requests into queues, because Redis is there; whatever starts workers
 * may have none running. Ready: it can serve, because some worker is there too.
 */
@Controller('health')
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly indicators: HealthIndicatorService,
    private readonly redis: RedisProbe,
    private readonly directory: WorkerDirectory,
  ) {}

  @Operation({
    summary: 'Whether the process answers',
    tags: ['Service'],
    open: true,
    answers: {
      200: {
        description: 'It does.',
        content: { 'application/json': objectOf({ status: oneWordOf('ok') }, ['status']) },
      },
    },
  })
  @Get('live')
  live(): { status: 'ok' } {
    return { status: 'ok' };
  }

  @Operation({
    summary: 'Whether requests can be put into queues',
    tags: ['Service'],
    open: true,
    answers: {
      200: { description: 'Redis answers.', content: { 'application/json': READINESS } },
      503: { description: 'It does not.', content: { 'application/json': READINESS } },
    },
  })
  @Get('accepting')
  async accepting(@Res({ passthrough: true }) reply: FastifyReply): Promise<unknown> {
    return this.report(reply, [() => this.checkRedis()]);
  }

  @Operation({
    summary: 'Whether requests can be served',
    tags: ['Service'],
    open: true,
    answers: {
      200: {
        description: 'Redis answers and a worker is alive.',
        content: { 'application/json': READINESS },
      },
      503: { description: 'What is missing.', content: { 'application/json': READINESS } },
    },
  })
  @Get('ready')
  async ready(@Res({ passthrough: true }) reply: FastifyReply): Promise<unknown> {
    return this.report(reply, [() => this.checkRedis(), () => this.checkWorkers()]);
  }

  private async report(
    reply: FastifyReply,
    checks: readonly (() => HealthIndicatorResult | Promise<HealthIndicatorResult>)[],
  ): Promise<unknown> {
    try {
      return await this.health.check([...checks]);
    } catch (error) {
      if (!(error instanceof ServiceUnavailableException)) throw error;
      void reply.code(503);
      return error.getResponse();
    }
  }

  private async checkRedis(): Promise<HealthIndicatorResult> {
    const attempt = this.indicators.check('redis').attempt(() => this.redis.ping());
    return attempt.withTimeout(REDIS_TIMEOUT_MS);
  }

  private checkWorkers(): HealthIndicatorResult {
    const alive = this.directory.workers().filter((worker) => !worker.draining).length;
    const indicator = this.indicators.check('workers');
    return alive > 0 ? indicator.up({ alive }) : indicator.down('no worker is alive; start one');
  }
}
