import { ControlMessage, type ControlKind, type Names, ENVELOPE_VERSION, parseContract } from '#contracts';
import { publishTo, type RedisClient } from '#redis';

type ControlFields = Omit<ControlMessage, 'version'>;

/** Tells workers what to do about what they run. Best effort: a worker that is not listening hears nothing. */
export class ControlSender {
  constructor(
    private readonly redis: RedisClient,
    private readonly names: Names,
  ) {}

  /**
   * @param workerId whom to tell; undefined tells all workers.
   * @returns how many workers were listening, in a Redis Cluster at least some of them; 0 also when Redis is away.
   */
  async send(workerId: string | undefined, fields: ControlFields): Promise<number> {
    const channel = workerId === undefined ? this.names.workersChannel() : this.names.workerChannel(workerId);
    const message: ControlMessage = { version: ENVELOPE_VERSION, ...fields };
    return publishTo(this.redis, channel, JSON.stringify(message)).catch(() => 0);
  }
}

/** What a worker does for each kind of control message. */
export type ControlHandlers = Readonly<Record<ControlKind, (message: ControlMessage) => void>>;

export interface ControlReceiverOptions {
  readonly subscriber: RedisClient;
  readonly names: Names;
  readonly workerId: string;
  readonly handlers: ControlHandlers;
  /** A message that could not be read; for the log. */
  readonly onBadMessage?: (error: Error) => void;
}

/** Resolves when control messages for this worker and for all workers are being received. */
export async function receiveControl(options: ControlReceiverOptions): Promise<void> {
  const { subscriber, names, workerId, handlers, onBadMessage } = options;
  const channels = [names.workerChannel(workerId), names.workersChannel()];
  subscriber.on('message', (channel: string, text: string) => {
    if (!channels.includes(channel)) return;
    try {
      const message = parseContract(ControlMessage, text);
      handlers[message.kind](message);
    } catch (error) {
      onBadMessage?.(error as Error);
    }
  });
  await subscriber.subscribe(...channels);
}
