import { type DynamicModule, Module } from '@nestjs/common';
import { LoadHandler, PullHandler, StaticConsumersModule } from '#queue';
import type { Worker } from './worker.js';
import type { SettledConfig } from './worker.config.js';

/** Pulls one worker runs at once; registries that hang must not keep the others waiting. */
const PULLS = 8;

/** Offers the handlers of a started worker to the static consumers. */
@Module({})
class HandlersModule {}

/** Attaches a started worker to the queues that every worker of its variant consumes. */
@Module({})
export class WorkerModule {
  static forWorker(worker: Worker, config: SettledConfig): DynamicModule {
    const handlers: DynamicModule = {
      module: HandlersModule,
      providers: [
        { provide: PullHandler, useValue: worker.pulls },
        { provide: LoadHandler, useValue: worker.loads },
      ],
      exports: [PullHandler, LoadHandler],
    };
    const consumers = StaticConsumersModule.forWorker({
      variant: config.variant,
      names: worker.cluster.names,
      redis: worker.cluster.commands,
      pulls: PULLS,
      loads: config.maxSessions,
      onError: (queue, error) => worker.cluster.complain(queue, error),
      handlers,
    });
    return { module: WorkerModule, imports: [consumers] };
  }
}
