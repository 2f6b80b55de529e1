import { Module } from '@nestjs/common';
import { RelayModule } from '../../http/relay.module.js';
import { BackgroundResponses } from './background-responses.js';
import { KeptResponses } from './kept-responses.js';
import { ResponseService } from './response.service.js';
import { ResponsesController } from './responses.controller.js';

/** The Responses API. */
@Module({
  imports: [RelayModule],
  controllers: [ResponsesController],
  providers: [BackgroundResponses, KeptResponses, ResponseService],
})
export class ResponsesModule {}
