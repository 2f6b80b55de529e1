import { type DynamicModule, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import {
  ApiKeys,
  Catalogue,
  Configurations,
  ControlSender,
  KeyUsage,
  NamedDefaults,
  RedisKeyUsage,
  RedisNamedDefaults,
  StoreSecret,
  WorkerDirectory,
} from '#cluster';
import type { Logger } from '#observability';
import { JobQueue, PullQueuesModule } from '#queue';
import { GatewayCluster } from '../cluster/gateway-cluster.js';
import { RecordedRequests } from '../engines/requests/recorded-requests.js';
import { LoadNews } from '../engines/load-news.js';
import type { GatewayConfig } from '../gateway.config.js';
import { WaitingRooms } from '../metrics/waiting-rooms.js';
import { RedisProbe } from '../health/redis-probe.js';
import { RedisStoredResponses, StoredResponses } from '../dialects/responses/stored-responses.js';
import { StreamService } from '../streams/stream.service.js';
import { Streams } from '../streams/streams.js';
import { CompletionService } from './completion.service.js';
import { Completions } from './completions.js';

export interface CompletionsModuleOptions {
  readonly config: GatewayConfig;
  readonly logger: Logger;
}

/** Connects a gateway to the cluster: offers Completions, Streams, StoredResponses, Catalogue, WorkerDirectory, Configurations, ControlSender, JobQueue, LoadNews, StoreSecret, ApiKeys, KeyUsage, Pulls and RedisProbe. */
@Module({})
export class CompletionsModule implements OnApplicationShutdown {
  constructor(
    @Inject(GatewayCluster) private readonly cluster: GatewayCluster,
    @Inject(CompletionService) private readonly completions: CompletionService,
  ) {}

  static connect({ config, logger }: CompletionsModuleOptions): DynamicModule {
    const cluster = new GatewayCluster(config, logger);
    const completions = new CompletionService(cluster, config);
    const { open, follower } = completions;
    // That a request was cancelled is kept as long as its key may be.
    const { requestTimeout, resultRetention, logRetention } = config;
    const retention = Math.max(requestTimeout, resultRetention, logRetention);
    const streams = new StreamService(cluster, open, follower, retention);
    cluster.onOrphan = (parts) => open.sight(parts);
    const start = async (): Promise<GatewayCluster> => {
      await cluster.start();
      return cluster;
    };
    const pulls = PullQueuesModule.forGateway({
      redis: cluster.commands,
      subscriber: cluster.news,
      names: cluster.names,
      chooseVariant: () => cluster.variantForPull(),
      tellToCancel: (reference) => cluster.control.send(undefined, { kind: 'cancel-pull', reference }),
      onBadMessage: cluster.onBadMessage,
    });
    const stored = new RedisStoredResponses(cluster.commands, cluster.names, config.responseRetention);
    const rooms: WaitingRooms = { read: () => cluster.waitingRooms() };
    const redisProbe: RedisProbe = { ping: async () => void (await cluster.commands.ping()) };
    return {
      module: CompletionsModule,
      imports: [pulls],
      providers: [
        { provide: GatewayCluster, useFactory: start },
        { provide: CompletionService, useValue: completions },
        { provide: Completions, useExisting: CompletionService },
        { provide: Streams, useValue: streams },
        { provide: StoredResponses, useValue: stored },
        { provide: Catalogue, useValue: cluster.catalogue },
        { provide: WorkerDirectory, useValue: cluster.workers },
        { provide: Configurations, useValue: cluster.configurations },
        {
          provide: NamedDefaults,
          useValue: new RedisNamedDefaults({
            redis: cluster.commands,
            names: cluster.names,
            onBadMessage: cluster.onBadMessage,
          }),
        },
        { provide: ControlSender, useValue: cluster.control },
        { provide: JobQueue, useValue: cluster.queue },
        { provide: LoadNews, useValue: cluster.loadNews },
        { provide: RecordedRequests, useValue: cluster.recordedRequests },
        { provide: StoreSecret, useValue: new StoreSecret(cluster.commands, cluster.names) },
        { provide: ApiKeys, useValue: cluster.keys },
        { provide: KeyUsage, useValue: new RedisKeyUsage(cluster.commands, cluster.names) },
        { provide: RedisProbe, useValue: redisProbe },
        { provide: WaitingRooms, useValue: rooms },
      ],
      exports: [
        Completions,
        Streams,
        StoredResponses,
        Catalogue,
        WorkerDirectory,
        Configurations,
        NamedDefaults,
        ControlSender,
        JobQueue,
        LoadNews,
        RecordedRequests,
        StoreSecret,
        ApiKeys,
        KeyUsage,
        RedisProbe,
        WaitingRooms,
        pulls,
      ],
    };
  }

  async onApplicationShutdown(): Promise<void> {
    this.completions.letAllGo();
    this.completions.stop();
    await this.cluster.stop();
  }
}
