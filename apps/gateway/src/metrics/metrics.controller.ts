import { Controller, Get, Res } from '@nestjs/common';
import { GatewayMetrics } from '#observability';
import type { FastifyReply } from 'fastify';
import { ClusterMetrics } from './cluster-metrics.js';
import { EngineMetricsCollector } from './engine-metrics.js';
import { OpenResponses } from '../http/open-responses.js';

/** The metrics of this gateway and of all engines, for Prometheus. */
@Controller('metrics')
export class MetricsController {
  constructor(
    private readonly metrics: GatewayMetrics,
    private readonly responses: OpenResponses,
    private readonly engines: EngineMetricsCollector,
    private readonly cluster: ClusterMetrics,
  ) {}

  @Get()
  async scrape(@Res({ passthrough: true }) reply: FastifyReply): Promise<string> {
    this.metrics.openResponses.set(this.responses.size);
    void reply.header('content-type', this.metrics.registry.contentType);
    // First, because it counts who did not answer.
    const [engines] = await Promise.all([this.engines.collect(), this.cluster.collect()]);
    return (await this.metrics.registry.metrics()) + engines;
  }
}
