import { Module } from '@nestjs/common';
import { RelayModule } from '../../http/relay.module.js';
import { InferenceController } from './inference.controller.js';
import { OpenAiModelsController } from './models.controller.js';
import { RerankController } from './rerank.controller.js';

/** The OpenAI API. */
@Module({
  imports: [RelayModule],
  controllers: [InferenceController, RerankController, OpenAiModelsController],
})
export class OpenAiModule {}
