import { BullModule, getQueueToken } from '@nestjs/bullmq';
import { type DynamicModule, Module } from '@nestjs/common';
import type { Queue } from 'bullmq';
import { type Names, pullQueue, type Variant, VARIANTS } from '#contracts';
import type { RedisClient } from '#redis';
import { bullLocation } from './bull-queue.js';
import { Pulls, QueuePulls } from './pulls.js';

export interface PullQueuesOptions {
  /** A fail-fast connection, shared by all queues and not closed by them. */
  readonly redis: RedisClient;
  readonly subscriber: RedisClient;
  readonly names: Names;
  /** The variant whose workers are to pull; undefined when no worker is alive. */
  readonly chooseVariant: () => Variant | undefined;
  /** Tells every worker to stop the pull of a full reference. */
  readonly tellToCancel: (reference: string) => Promise<unknown>;
  /** A message that could not be read; for the log. */
  readonly onBadMessage?: (error: Error) => void;
}

/** Registers the producer's side of every `pull.<variant>` queue and offers `Pulls`. */
@Module({})
export class PullQueuesModule {
  static forGateway({
    redis,
    subscriber,
    names,
    chooseVariant,
    tellToCancel,
    onBadMessage,
  }: PullQueuesOptions): DynamicModule {
    const queues = BullModule.registerQueue(
      ...VARIANTS.map((variant) => ({
        ...bullLocation(pullQueue(variant), names),
        connection: redis,
        streams: { events: { maxLen: 1 } },
      })),
    );
    const pulls = {
      provide: Pulls,
      inject: VARIANTS.map((variant) => getQueueToken(bullLocation(pullQueue(variant), names).name)),
      useFactory: async (...injected: Queue[]): Promise<Pulls> => {
        for (const queue of injected) queue.on('error', () => undefined);
        const chooseQueue = (): Queue | undefined => {
          const variant = chooseVariant();
          return variant === undefined ? undefined : injected[VARIANTS.indexOf(variant)];
        };
        const following = new QueuePulls({
          chooseQueue,
          queues: injected,
          redis,
          tellToCancel,
          names,
          subscriber,
          ...(onBadMessage && { onBadMessage }),
        });
        await following.start();
        return following;
      },
    };
    return { module: PullQueuesModule, imports: [queues], providers: [pulls], exports: [Pulls] };
  }
}
