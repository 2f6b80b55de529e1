import { Controller, Get, Res, ServiceUnavailableException } from '@nestjs/common';
import { WorkerDirectory } from '#cluster';
import { HealthCheckService, HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus';
import type { FastifyReply } from 'fastify';
import { RedisProbe } from './redis-probe.js';

const REDIS_TIMEOUT_MS = 2_000;

/** Live: the process answers. Ready: it can serve, because Redis is there and some worker is. */
@Controller('health')
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly indicators: HealthIndicatorService,
    private readonly redis: RedisProbe,
    private readonly directory: WorkerDirectory,
  ) {}

  @Get('live')
  live(): { status: 'ok' } {
    return { status: 'ok' };
  }

  @Get('ready')
  async ready(@Res({ passthrough: true }) reply: FastifyReply): Promise<unknown> {
    try {
      return await this.health.check([() => this.checkRedis(), () => this.checkWorkers()]);
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
