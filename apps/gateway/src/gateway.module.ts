import { type DynamicModule, Module } from '@nestjs/common';
import { APP_FILTER, DiscoveryModule } from '@nestjs/core';
import { TerminusModule } from '@nestjs/terminus';
import { CoreModule, type GatewayParts } from './core.module.js';
import { AnthropicModule } from './dialects/anthropic/anthropic.module.js';
import { ANTHROPIC_ERRORS } from './dialects/anthropic/encode-error.js';
import { OLLAMA_ERRORS } from './dialects/ollama/encode-error.js';
import { OllamaModule } from './dialects/ollama/ollama.module.js';
import { OPENAI_ERRORS } from './dialects/openai/encode-error.js';
import { OpenAiModule } from './dialects/openai/openai.module.js';
import { ResponsesModule } from './dialects/responses/responses.module.js';
import { EnginesModule } from './engines/engines.module.js';
import { KeysController } from './front-door/keys/keys.controller.js';
import { HealthController } from './health/health.controller.js';
import { AnswersModule } from './http/answers.module.js';
import { ERROR_DIALECTS } from './http/error-dialect.js';
import { ErrorFilter } from './http/error.filter.js';
import { MetricsModule } from './metrics/metrics.module.js';
import { ModelsModule } from './models/models.module.js';
import { OpenApiController } from './openapi/openapi.controller.js';
import { ServiceController } from './service/service.controller.js';
import { StreamsController } from './streams/streams.controller.js';

/** The HTTP front: every route there is, over whatever cluster is plugged in. */
@Module({})
export class GatewayModule {
  static over(parts: GatewayParts): DynamicModule {
    return {
      module: GatewayModule,
      imports: [
        CoreModule.over(parts),
        TerminusModule.forRoot({ logger: false }),
        DiscoveryModule,
        AnswersModule,
        EnginesModule,
        ModelsModule,
        MetricsModule,
        OpenAiModule,
        ResponsesModule,
        AnthropicModule,
        OllamaModule,
      ],
      controllers: [
        HealthController,
        ServiceController,
        StreamsController,
        KeysController,
        OpenApiController,
      ],
      providers: [
        { provide: ERROR_DIALECTS, useValue: [ANTHROPIC_ERRORS, OLLAMA_ERRORS, OPENAI_ERRORS] },
        ErrorFilter,
        { provide: APP_FILTER, useExisting: ErrorFilter },
      ],
    };
  }
}
