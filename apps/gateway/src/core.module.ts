import { type DynamicModule, Global, Module } from '@nestjs/common';
import { GatewayMetrics, Logger } from '#observability';
import { Completions } from './completions/completions.js';
import { BARE_COMPLETIONS, BARE_STREAMS, BareClusterModule } from './front-door/bare-cluster.module.js';
import { ChargedStreams } from './front-door/charged-streams.js';
import { CheckedCompletions } from './front-door/checked-completions.js';
import { MediaAddresses } from './front-door/media/media-addresses.js';
import { MediaHosts } from './front-door/media/media-hosts.js';
import { GatewayConfig } from './gateway.config.js';
import { RouteMethods } from './http/route-methods.js';
import { Streams } from './streams/streams.js';

export interface GatewayParts {
  readonly config: GatewayConfig;
  readonly logger: Logger;
  readonly metrics: GatewayMetrics;
  /** The cluster behind the gateway: exports what `CompletionsModule` offers. */
  readonly cluster: DynamicModule;
}

/** What every room stands on: how this gateway is set up, and the cluster, whose calls are checked on their way. */
@Global()
@Module({})
export class CoreModule {
  static over({ config, logger, metrics, cluster }: GatewayParts): DynamicModule {
    return {
      module: CoreModule,
      imports: [cluster, BareClusterModule.of(cluster)],
      providers: [
        { provide: GatewayConfig, useValue: config },
        { provide: Logger, useValue: logger },
        { provide: GatewayMetrics, useValue: metrics },
        { provide: RouteMethods, useValue: new RouteMethods() },
        {
          provide: Completions,
          useFactory: (bare: Completions) =>
            new CheckedCompletions(
              bare,
              new MediaAddresses(new MediaHosts(config.mediaHosts), config.mediaMaxPixels),
            ),
          inject: [BARE_COMPLETIONS],
        },
        {
          provide: Streams,
          useFactory: (bare: Streams) => new ChargedStreams(bare),
          inject: [BARE_STREAMS],
        },
      ],
      exports: [cluster, GatewayConfig, Logger, GatewayMetrics, RouteMethods, Completions, Streams],
    };
  }
}
