import { Module } from '@nestjs/common';
import { EnginesModule } from '../engines/engines.module.js';
import { AnswersModule } from '../http/answers.module.js';
import { ClusterMetrics } from './cluster-metrics.js';
import { EngineMetricsCollector } from './engine-metrics.js';
import { MetricsController } from './metrics.controller.js';

/** The metrics of this gateway, of the cluster and of all engines, on one page. */
@Module({
  imports: [AnswersModule, EnginesModule],
  controllers: [MetricsController],
  providers: [ClusterMetrics, EngineMetricsCollector],
})
export class MetricsModule {}
