import { completionQueue, type CompletionJob, Names } from '#contracts';
import { RedisConnections, type RedisClient } from '#redis';
import { BullJobQueue, type PumpedJob, QueuePump, type QueuePumpOptions } from '../index.js';
import { countWaiting } from './count-waiting.js';
import { type Holder, startHolder } from './start-holder.js';

const MODEL = `sha256:${'a'.repeat(64)}`;
export const QUEUE = completionQueue({ variant: 'cpu', modelId: MODEL, mode: 'completion' });

export const jobOf = (requestId: string): CompletionJob => ({
  version: 1,
  requestId,
  gatewayId: 'gw',
  stream: 1,
  route: '/v1/chat/completions',
  mode: 'completion',
  modelId: MODEL,
  body: '{"text":"grüße"}',
  streaming: true,
  deadline: Date.now() + 60_000,
});

let benches = 0;

/** One queue on a Redis, its producer, and the consumers of one test. */
export class QueueBench {
  readonly names = new Names(`bench-${process.pid}-${benches++}`);
  readonly connections: RedisConnections;
  readonly redis: RedisClient;
  readonly jobs: BullJobQueue;
  /** What consumers complained of. */
  readonly errors: Error[] = [];
  private readonly closing: (() => Promise<void>)[] = [];

  constructor(private readonly url: string) {
    this.connections = new RedisConnections({ url, name: 'bench' });
    this.redis = this.connections.patient('commands');
    this.jobs = new BullJobQueue(this.connections.failFast('producer'), this.names);
  }

  /** The key of the queue, or of one of its parts. */
  key(part = ''): string {
    return `${this.names.queueKey(QUEUE)}:${part}`;
  }

  async add(...ids: readonly string[]): Promise<void> {
    for (const id of ids) await this.jobs.addCompletion(QUEUE, jobOf(id));
  }

  waiting(): Promise<number> {
    return countWaiting(this.redis, this.names, QUEUE);
  }

  pump(run: (job: PumpedJob) => Promise<void>, options: Partial<QueuePumpOptions> = {}): QueuePump {
    const { names, redis, errors } = this;
    const onError = (error: Error): void => void errors.push(error);
    const pump = new QueuePump({ queue: QUEUE, names, redis, workerId: 'w', slots: 1, run, onError, ...options });
    this.closing.push(() => pump.stop());
    pump.start();
    return pump;
  }

  /** A consumer in a process of its own. */
  async holder(slots = 1): Promise<Holder> {
    const { namespace } = this.names;
    const holder = await startHolder({ url: this.url, namespace, queue: QUEUE, slots });
    this.closing.push(() => holder.kill());
    return holder;
  }

  async close(): Promise<void> {
    await Promise.all(this.closing.map((close) => close()));
    await this.jobs.close();
    this.connections.close();
  }
}
