import { Module } from '@nestjs/common';
import { AnswersModule } from '../http/answers.module.js';
import { LoadController } from './load.controller.js';
import { ModelActionsController } from './model-actions.controller.js';
import { ModelRemoval } from './model-removal.js';
import { ModelStores } from './model-stores.js';
import { ModelTransfers } from './model-transfers.js';
import { ModelsController } from './models.controller.js';
import { PullController } from './pull.controller.js';

/** The models of the cluster: pulled, sent in and out, listed and removed. */
@Module({
  imports: [AnswersModule],
  controllers: [PullController, LoadController, ModelsController, ModelActionsController],
  providers: [ModelRemoval, ModelStores, ModelTransfers],
  exports: [ModelRemoval, ModelStores, ModelTransfers],
})
export class ModelsModule {}
