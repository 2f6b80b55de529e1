import { Module, type DynamicModule } from '@nestjs/common';
import { APP_FILTER, DiscoveryModule } from '@nestjs/core';
import { TerminusModule } from '@nestjs/terminus';
import { GatewayMetrics, Logger } from '#observability';
import { ANTHROPIC_ERRORS } from './dialects/anthropic/encode-error.js';
import { MessagesController } from './dialects/anthropic/messages.controller.js';
import { AnthropicModelsController } from './dialects/anthropic/models.controller.js';
import { OllamaBlobsController } from './dialects/ollama/blobs.controller.js';
import { CallDefaultsService } from './dialects/ollama/call-defaults.js';
import { OLLAMA_ERRORS } from './dialects/ollama/encode-error.js';
import { OllamaInferenceController } from './dialects/ollama/inference.controller.js';
import { OllamaInference } from './dialects/ollama/inference.service.js';
import { ModelExtrasReader } from './dialects/ollama/model-extras.js';
import { ModelWishesService } from './dialects/ollama/model-wishes.js';
import { OllamaModelsController } from './dialects/ollama/models.controller.js';
import { NamedModels } from './dialects/ollama/named-models.js';
import { OllamaTransfersController } from './dialects/ollama/transfers.controller.js';
import { OPENAI_ERRORS } from './dialects/openai/encode-error.js';
import { InferenceController } from './dialects/openai/inference.controller.js';
import { RerankController } from './dialects/openai/rerank.controller.js';
import { OpenAiModelsController } from './dialects/openai/models.controller.js';
import { BackgroundResponses } from './dialects/responses/background-responses.js';
import { KeptResponses } from './dialects/responses/kept-responses.js';
import { ResponseService } from './dialects/responses/response.service.js';
import { ResponsesController } from './dialects/responses/responses.controller.js';
import { ConfigurationService } from './engines/configuration-service.js';
import { EnginesController } from './engines/engines.controller.js';
import { ImagesController } from './engines/images.controller.js';
import { LoadProgress } from './engines/load-progress.js';
import { ModelLoads } from './engines/model-loads.js';
import { LogsController } from './engines/logs/logs.controller.js';
import { LogsService } from './engines/logs/logs.service.js';
import { WorkerInsight } from './engines/worker-insight.js';
import { RequestRecorder } from './engines/requests/request-recorder.js';
import { RequestsController } from './engines/requests/requests.controller.js';
import { RequestsService } from './engines/requests/requests.service.js';
import { UnloadService } from './engines/unload-service.js';
import { Completions } from './completions/completions.js';
import { BARE_COMPLETIONS, BareClusterModule } from './front-door/bare-cluster.module.js';
import { CheckedCompletions } from './front-door/checked-completions.js';
import { KeysController } from './front-door/keys/keys.controller.js';
import { MediaAddresses } from './front-door/media/media-addresses.js';
import { MediaHosts } from './front-door/media/media-hosts.js';
import { GatewayConfig } from './gateway.config.js';
import { HealthController } from './health/health.controller.js';
import { CompletionRelay } from './http/completion-relay.js';
import { EndlessAnswers } from './http/endless-answers.js';
import { ERROR_DIALECTS } from './http/error-dialect.js';
import { ErrorFilter } from './http/error.filter.js';
import { InferenceObserver } from './http/inference-observer.js';
import { OpenResponses } from './http/open-responses.js';
import { Preloads } from './http/preloads.js';
import { RouteMethods } from './http/route-methods.js';
import { StreamedAnswers } from './http/streamed-answers.js';
import { StreamNotices } from './http/stream-notices.js';
import { ClusterMetrics } from './metrics/cluster-metrics.js';
import { EngineMetricsCollector } from './metrics/engine-metrics.js';
import { MetricsController } from './metrics/metrics.controller.js';
import { LoadController } from './models/load.controller.js';
import { ModelActionsController } from './models/model-actions.controller.js';
import { ModelRemoval } from './models/model-removal.js';
import { ModelStores } from './models/model-stores.js';
import { ModelTransfers } from './models/model-transfers.js';
import { ModelsController } from './models/models.controller.js';
import { PullController } from './models/pull.controller.js';
import { OpenApiController } from './openapi/openapi.controller.js';
import { ServiceController } from './service/service.controller.js';
import { StreamsController } from './streams/streams.controller.js';

export interface GatewayParts {
  readonly config: GatewayConfig;
  readonly logger: Logger;
  readonly metrics: GatewayMetrics;
  /** The cluster behind the gateway: exports what `CompletionsModule` offers. */
  readonly cluster: DynamicModule;
}

/** All that answers requests. */
const CONTROLLERS = [
  MessagesController,
  AnthropicModelsController,
  InferenceController,
  RerankController,
  EnginesController,
  ImagesController,
  RequestsController,
  LogsController,
  OpenAiModelsController,
  PullController,
  LoadController,
  ModelsController,
  ModelActionsController,
  HealthController,
  MetricsController,
  ServiceController,
  StreamsController,
  KeysController,
  ResponsesController,
  OllamaInferenceController,
  OllamaModelsController,
  OllamaTransfersController,
  OllamaBlobsController,
  OpenApiController,
] as const;

/** What the controllers need beside the cluster and the configuration. */
const SERVICES = [
  StreamedAnswers,
  LoadProgress,
  ModelLoads,
  Preloads,
  ConfigurationService,
  UnloadService,
  RequestRecorder,
  RequestsService,
  WorkerInsight,
  LogsService,
  EngineMetricsCollector,
  ClusterMetrics,
  EndlessAnswers,
  StreamNotices,
  InferenceObserver,
  CompletionRelay,
  KeptResponses,
  ResponseService,
  BackgroundResponses,
  CallDefaultsService,
  ModelExtrasReader,
  ModelWishesService,
  NamedModels,
  OllamaInference,
  ModelRemoval,
  ModelStores,
  ModelTransfers,
] as const;

/** The HTTP front: every route there is, over whatever cluster is plugged in. */
@Module({})
export class GatewayModule {
  static over({ config, logger, metrics, cluster }: GatewayParts): DynamicModule {
    return {
      module: GatewayModule,
      imports: [
        cluster,
        BareClusterModule.of(cluster),
        TerminusModule.forRoot({ logger: false }),
        DiscoveryModule,
      ],
      controllers: [...CONTROLLERS],
      providers: [
        { provide: GatewayConfig, useValue: config },
        { provide: Logger, useValue: logger },
        { provide: GatewayMetrics, useValue: metrics },
        {
          provide: Completions,
          useFactory: (bare: Completions) =>
            new CheckedCompletions(bare, new MediaAddresses(new MediaHosts(config.mediaHosts))),
          inject: [BARE_COMPLETIONS],
        },
        { provide: OpenResponses, useFactory: () => new OpenResponses(config.maxOpenRequests) },
        { provide: ERROR_DIALECTS, useValue: [ANTHROPIC_ERRORS, OLLAMA_ERRORS, OPENAI_ERRORS] },
        { provide: RouteMethods, useValue: new RouteMethods() },
        ErrorFilter,
        { provide: APP_FILTER, useExisting: ErrorFilter },
        ...SERVICES,
      ],
    };
  }
}
