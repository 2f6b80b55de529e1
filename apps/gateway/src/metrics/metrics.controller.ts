import { Controller, Get, Res } from '@nestjs/common';
import { GatewayMetrics } from '#observability';
import type { FastifyReply } from 'fastify';
import { OpenResponses } from '../http/open-responses.js';

/** The metrics of this gateway, for Prometheus. */
@Controller('metrics')
export class MetricsController {
  constructor(
    private readonly metrics: GatewayMetrics,
    private readonly responses: OpenResponses,
  ) {}

  @Get()
  async scrape(@Res({ passthrough: true }) reply: FastifyReply): Promise<string> {
    this.metrics.openResponses.set(this.responses.size);
    void reply.header('content-type', this.metrics.registry.contentType);
    return this.metrics.registry.metrics();
  }
}
