import { Module } from '@nestjs/common';
import { RelayModule } from '../../http/relay.module.js';
import { MessagesController } from './messages.controller.js';
import { AnthropicModelsController } from './models.controller.js';

/** The Messages API. */
@Module({ imports: [RelayModule], controllers: [MessagesController, AnthropicModelsController] })
export class AnthropicModule {}
