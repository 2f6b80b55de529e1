import type { Names } from '#contracts';
import type { RedisClient } from '#redis';

export interface FramePublisherOptions {
  readonly redis: RedisClient;
  readonly names: Names;
  /** Payload bytes kept for replay, per response. */
  readonly replayCapacity?: number;
  /** How long a finished response can still be replayed; ms. */
  readonly replayRetention?: number;
  /** Bytes kept of finished responses, all together; the oldest go first. */
  readonly finishedCapacity?: number;
  /** After this long without any receiver a gateway counts as gone; ms. */
  readonly gatewayGrace?: number;
  /** A gateway is gone: nobody will read these responses. */
  readonly onGatewayLost?: (requestIds: readonly string[]) => void;
}

/** What may be left out of the options. */
export type PublisherSettings = Required<Omit<FramePublisherOptions, 'redis' | 'names' | 'onGatewayLost'>>;

export const PUBLISHER_DEFAULTS: PublisherSettings = {
  replayCapacity: 1024 * 1024,
  replayRetention: 30_000,
  finishedCapacity: 32 * 1024 * 1024,
  gatewayGrace: 10_000,
};
