import { type DynamicModule, Module } from '@nestjs/common';
import { Catalogue, WorkerDirectory } from '#cluster';
import { PullQueuesModule, Pulls } from '#queue';
import { CompletionService } from '../completions/completion.service.js';
import { Completions } from '../completions/completions.js';
import type { GatewayConfig } from '../gateway.config.js';
import type { GatewayCluster } from './gateway-cluster.js';

/** Offers what controllers need of a started cluster: Completions, Catalogue, WorkerDirectory and Pulls. */
@Module({})
export class ClusterModule {
  static forCluster(cluster: GatewayCluster, config: GatewayConfig): DynamicModule {
    const completions = new CompletionService(cluster, {
      gatewayId: cluster.gatewayId,
      requestTimeout: config.requestTimeout,
      maxOpenRequests: config.maxOpenRequests,
    });
    cluster.onOrphan = (stream) => completions.cancelOrphan(stream);
    const pulls = PullQueuesModule.forGateway({
      redis: cluster.commands,
      subscriber: cluster.news,
      names: cluster.names,
      chooseVariant: () => cluster.variantForPull(),
    });
    return {
      module: ClusterModule,
      imports: [pulls],
      providers: [
        { provide: Completions, useValue: completions },
        { provide: Catalogue, useValue: cluster.catalogue },
        { provide: WorkerDirectory, useValue: cluster.workers },
      ],
      exports: [Completions, Catalogue, WorkerDirectory, pulls],
    };
  }
}
