import { Module } from '@nestjs/common';
import { EnginesModule } from '../engines/engines.module.js';
import { AnswersModule } from './answers.module.js';
import { CompletionRelay } from './completion-relay.js';
import { InferenceObserver } from './inference-observer.js';
import { Preloads } from './preloads.js';
import { StreamNotices } from './stream-notices.js';

/** The one road that inference takes, whatever dialect it is asked for in. */
@Module({
  imports: [AnswersModule, EnginesModule],
  providers: [CompletionRelay, InferenceObserver, Preloads, StreamNotices],
  exports: [AnswersModule, CompletionRelay, InferenceObserver],
})
export class RelayModule {}
