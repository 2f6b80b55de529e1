import { Module } from '@nestjs/common';
import { AnswersModule } from '../http/answers.module.js';
import { ConfigurationService } from './configuration-service.js';
import { EnginesController } from './engines.controller.js';
import { ImagesController } from './images.controller.js';
import { LoadProgress } from './load-progress.js';
import { LogsController } from './logs/logs.controller.js';
import { LogsService } from './logs/logs.service.js';
import { ModelLoads } from './model-loads.js';
import { RequestRecorder } from './requests/request-recorder.js';
import { RequestsController } from './requests/requests.controller.js';
import { RequestsService } from './requests/requests.service.js';
import { UnloadService } from './unload-service.js';
import { WorkerInsight } from './worker-insight.js';

/** What the engines of the cluster run, how they are set up, and what they and their workers tell. */
@Module({
  imports: [AnswersModule],
  controllers: [EnginesController, ImagesController, RequestsController, LogsController],
  providers: [
    ConfigurationService,
    LoadProgress,
    LogsService,
    ModelLoads,
    RequestRecorder,
    RequestsService,
    UnloadService,
    WorkerInsight,
  ],
  exports: [LoadProgress, ModelLoads, RequestRecorder, UnloadService, WorkerInsight],
})
export class EnginesModule {}
