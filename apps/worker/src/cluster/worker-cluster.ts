import {
  Presence,
  RedisCatalogue,
  RedisConfigurations,
  RedisDownloadTurns,
  RedisWorkerDirectory,
  StoreSecret,
} from '#cluster';
import { Names, type WorkerAnnouncement } from '#contracts';
import type { Logger } from '#observability';
import { BullJobQueue, DemandBoard, type PumpedJob, QueuePump } from '#queue';
import { type RedisClient, RedisConnections } from '#redis';
import { FramePublisher, RequestLog } from '#streaming';
import type { SettledConfig } from '../worker.config.js';

export interface WorkerClusterOptions {
  readonly config: SettledConfig;
  readonly workerId: string;
  readonly logger: Logger;
  readonly describe: () => WorkerAnnouncement;
  readonly onGatewayLost: (requestIds: readonly string[]) => void;
}

/** Everything a worker reaches the cluster through. Frames leave on a connection of their own. */
export class WorkerCluster {
  readonly names: Names;
  readonly commands: RedisClient;
  readonly news: RedisClient;
  readonly catalogue: RedisCatalogue;
  readonly configurations: RedisConfigurations;
  readonly workers: RedisWorkerDirectory;
  readonly jobs: BullJobQueue;
  readonly board: DemandBoard;
  readonly presence: Presence;
  readonly publisher: FramePublisher;
  readonly log: RequestLog;
  readonly storeSecret: StoreSecret;
  readonly downloadTurns: RedisDownloadTurns;
  private readonly connections: RedisConnections;

  constructor(private readonly options: WorkerClusterOptions) {
    const { config, workerId, logger, describe, onGatewayLost } = options;
    this.names = new Names(config.namespace);
    this.connections = new RedisConnections({
      url: config.redisUrl,
      name: workerId,
      onError: (role, { message }) =>
        logger.warn('Redis cannot be reached; trying again', { role, reason: message }),
      onRecovered: (role) => logger.info('Redis is back', { role }),
    });
    const { names } = this;
    this.commands = this.connections.patient('commands');
    this.news = this.connections.subscriber('news', this.names.workerChannel(workerId));
    const prompt = this.connections.failFast('prompt');
    const access = { redis: prompt, subscriber: this.news, names };
    this.catalogue = new RedisCatalogue({
      ...access,
      redis: this.commands,
      defaultRegistry: config.defaultRegistry,
      onBadMessage: ({ message }) => logger.warn('Ignored an entry of the catalogue', { reason: message }),
    });
    this.configurations = new RedisConfigurations({
      redis: this.commands,
      names,
      onBadMessage: ({ message }) => logger.warn('Ignored a configuration', { reason: message }),
    });
    this.workers = new RedisWorkerDirectory(access);
    this.jobs = new BullJobQueue(prompt, names);
    this.board = new DemandBoard(prompt, names, config.variant);
    this.presence = new Presence({ redis: prompt, names, workerId, describe });
    this.storeSecret = new StoreSecret(prompt, names);
    const isAlive = (id: string): boolean => this.workers.workers().some((other) => other.workerId === id);
    this.downloadTurns = new RedisDownloadTurns({ redis: prompt, names, workerId, isAlive });
    this.log = new RequestLog(this.commands, names);
    this.publisher = new FramePublisher({ redis: this.connections.patient('frames'), names, onGatewayLost });
  }

  async start(): Promise<void> {
    await this.connections.ready();
    await Promise.all([this.catalogue.start(), this.workers.start()]);
  }

  readonly createPump = (queue: string, run: (job: PumpedJob) => Promise<void>, slots: number): QueuePump => {
    const { workerId } = this.options;
    return new QueuePump({
      queue,
      run,
      slots,
      workerId,
      names: this.names,
      redis: this.commands,
      onError: (error) => this.complain(queue, error),
      onRoom: () => this.presence.stirred(),
    });
  };

  /** Logs what went wrong with a queue, without the command: its arguments hold what callers sent. */
  complain(queue: string, { message }: Error): void {
    this.options.logger.warn('Trouble with a queue', { queue, reason: message });
  }

  async stop(): Promise<void> {
    await this.publisher.drain();
    await this.presence.leave();
    this.publisher.close();
    this.workers.stop();
    await this.jobs.close();
    this.connections.close();
  }
}
