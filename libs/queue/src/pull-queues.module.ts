import { BullModule, getQueueToken } from '@nestjs/bullmq';
import { type DynamicModule, Module } from '@nestjs/common';
import { type Names, pullQueue, type Variant, VARIANTS } from '#contracts';
import type { RedisClient } from '#redis';

/** Injection token of the pull queue of a variant. */
export function pullQueueToken(variant: Variant): string {
  return getQueueToken(pullQueue(variant));
}

/** Registers the producer's side of every `pull.<variant>` queue. */
@Module({})
export class PullQueuesModule {
  /** @param redis a fail-fast connection, shared by all queues and not closed by them. */
  static forGateway(redis: RedisClient, names: Names): DynamicModule {
    const queues = BullModule.registerQueue(
      ...VARIANTS.map((variant) => ({
        name: pullQueue(variant),
        connection: redis,
        prefix: names.queuePrefix(pullQueue(variant)),
        streams: { events: { maxLen: 1 } },
      })),
    );
    return { module: PullQueuesModule, imports: [queues], exports: [queues] };
  }
}
