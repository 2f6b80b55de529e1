import { Module } from '@nestjs/common';
import { GatewayConfig } from '../gateway.config.js';
import { EndlessAnswers } from './endless-answers.js';
import { OpenResponses } from './open-responses.js';
import { StreamedAnswers } from './streamed-answers.js';

/** Answers that are written as they come, and the bound on how many are open. */
@Module({
  providers: [
    StreamedAnswers,
    EndlessAnswers,
    {
      provide: OpenResponses,
      useFactory: ({ maxOpenRequests }: GatewayConfig) => new OpenResponses(maxOpenRequests),
      inject: [GatewayConfig],
    },
  ],
  exports: [StreamedAnswers, EndlessAnswers, OpenResponses],
})
export class AnswersModule {}
