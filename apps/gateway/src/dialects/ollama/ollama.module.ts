import { Module } from '@nestjs/common';
import { EnginesModule } from '../../engines/engines.module.js';
import { RelayModule } from '../../http/relay.module.js';
import { ModelsModule } from '../../models/models.module.js';
import { OllamaBlobsController } from './blobs.controller.js';
import { CallDefaultsService } from './call-defaults.js';
import { OllamaInferenceController } from './inference.controller.js';
import { OllamaInference } from './inference.service.js';
import { ModelExtrasReader } from './model-extras.js';
import { ModelWishesService } from './model-wishes.js';
import { OllamaModelsController } from './models.controller.js';
import { NamedModels } from './named-models.js';
import { OllamaTransfersController } from './transfers.controller.js';

/** The Ollama API. */
@Module({
  imports: [RelayModule, EnginesModule, ModelsModule],
  controllers: [
    OllamaInferenceController,
    OllamaModelsController,
    OllamaTransfersController,
    OllamaBlobsController,
  ],
  providers: [CallDefaultsService, ModelExtrasReader, ModelWishesService, NamedModels, OllamaInference],
})
export class OllamaModule {}
