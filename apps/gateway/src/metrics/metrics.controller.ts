import { Controller, Get, Res } from '@nestjs/common';
import { GatewayMetrics } from '#observability';
import type { FastifyReply } from 'fastify';
import { ClusterMetrics } from './cluster-metrics.js';
import { EngineMetricsCollector } from './engine-metrics.js';
import { Operation } from '../openapi/operation.js';
import { TEXT } from '../openapi/schema.js';
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

  @Operation({
    summary: 'What this gateway and all engines measure',
    tags: ['Service'],
    answers: { 200: { description: 'In the text format of Prometheus.', content: { 'text/plain': TEXT } } },
  })
  @Get()
  async scrape(@Res({ passthrough: true }) reply: FastifyReply): Promise<string> {
    this.metrics.openResponses.set(this.responses.size);
    void reply.header('content-type', this.metrics.registry.contentType);
    // First, because it counts who did not answer.
    const [engines] = await Promise.all([this.engines.collect(), this.cluster.collect()]);
    return (await this.metrics.registry.metrics()) + engines;
  }
}
