import { randomBytes } from 'node:crypto';
import {
  ControlSender,
  RedisApiKeys,
  RedisCatalogue,
  RedisConfigurations,
  RedisWorkerDirectory,
} from '#cluster';
import { Names, type RequestIdParts, type Variant, VARIANTS } from '#contracts';
import type { Logger } from '#observability';
import { BullJobQueue, type Demand, DemandBoard } from '#queue';
import { type RedisClient, RedisConnections } from '#redis';
import { FrameSubscriber, RequestLog } from '#streaming';
import { ResponseRecords } from '../completions/response-records.js';
import { RedisRecordedRequests } from '../engines/requests/recorded-requests.js';
import { RedisLoadNews } from '../engines/load-news.js';
import type { GatewayConfig } from '../gateway.config.js';

/** How often a gateway says that it lives; ms. */
const SIGN_OF_LIFE_MS = 1_000;

/** Characters of a log line about a message that cannot be read. */
const LONGEST_REASON = 300;

/**
 * Everything a gateway reaches the cluster through. Three connections: commands, which fail at once while Redis is
 * away; frames; and news (presence, catalogue, pulls), so that a burst of tokens never delays a heartbeat.
 */
export class GatewayCluster {
  readonly gatewayId = `gw-${randomBytes(6).toString('hex')}`;
  readonly names: Names;
  readonly commands: RedisClient;
  readonly news: RedisClient;
  readonly catalogue: RedisCatalogue;
  readonly workers: RedisWorkerDirectory;
  readonly queue: BullJobQueue;
  readonly control: ControlSender;
  readonly configurations: RedisConfigurations;
  readonly loadNews: RedisLoadNews;
  readonly recordedRequests: RedisRecordedRequests;
  readonly keys: RedisApiKeys;
  readonly frames: FrameSubscriber;
  readonly records: ResponseRecords;
  /** Absent when answers are not logged. */
  readonly log?: RequestLog;
  /** Told of frames for responses that nobody here reads. Set by who opens responses. */
  onOrphan: (parts: RequestIdParts) => void = () => undefined;
  /** Told of messages and entries in Redis that cannot be read. */
  readonly onBadMessage: (error: Error) => void;

  private readonly connections: RedisConnections;
  private readonly demand: readonly DemandBoard[];
  private signOfLife: NodeJS.Timeout | undefined;

  constructor(config: GatewayConfig, logger: Logger) {
    this.names = new Names(config.namespace);
    this.connections = new RedisConnections({
      url: config.redisUrl,
      name: this.gatewayId,
      onError: (role, { message }) =>
        logger.warn('Redis cannot be reached; trying again', { role, reason: message }),
      onRecovered: (role) => logger.info('Redis is back', { role }),
    });
    this.commands = this.connections.failFast('commands');
    this.news = this.connections.subscriber('news');
    this.onBadMessage = ({ message }) =>
      logger.warn('Ignored a message that could not be read', { reason: message.slice(0, LONGEST_REASON) });
    const { onBadMessage } = this;
    const access = { redis: this.commands, subscriber: this.news, names: this.names };
    this.catalogue = new RedisCatalogue({ ...access, onBadMessage, defaultRegistry: config.defaultRegistry });
    this.workers = new RedisWorkerDirectory({ ...access, onBadMessage });
    this.queue = new BullJobQueue(this.commands, this.names);
    this.demand = VARIANTS.map((variant) => new DemandBoard(this.commands, this.names, variant));
    this.control = new ControlSender(this.commands, this.names);
    this.configurations = new RedisConfigurations({ redis: this.commands, names: this.names, onBadMessage });
    this.loadNews = new RedisLoadNews({ ...access, onBadMessage });
    this.recordedRequests = new RedisRecordedRequests({ ...access, onBadMessage });
    this.keys = new RedisApiKeys({ ...access, onBadMessage });
    this.records = new ResponseRecords(this.commands, this.names);
    if (config.log) this.log = new RequestLog(this.commands, this.names);
    this.frames = new FrameSubscriber({
      redis: this.connections.subscriber('frames', this.names.responsesKey(this.gatewayId)),
      names: this.names,
      gatewayId: this.gatewayId,
      onOrphan: (stream, gatewayId) => this.onOrphan({ gatewayId, stream }),
      onBadMessage,
    });
  }

  /** Resolves when frames and news are being received: only then may requests be accepted. */
  async start(): Promise<void> {
    await this.connections.ready();
    await Promise.all([
      this.frames.start(),
      this.catalogue.start(),
      this.workers.start(),
      this.loadNews.start(),
      this.recordedRequests.start(),
      this.keys.start(),
    ]);
    await this.live();
    this.signOfLife = setInterval(() => void this.live(), SIGN_OF_LIFE_MS).unref();
  }

  /** The variant that is to pull a model. Every gateway chooses the same, so that pulls of one model meet. */
  variantForPull(): Variant | undefined {
    const alive = this.workers.workers().filter((worker) => !worker.draining);
    return VARIANTS.find((variant) => alive.some((worker) => worker.variant === variant));
  }

  /** The waiting rooms that were used lately, of all variants. */
  async waitingRooms(): Promise<readonly Demand[]> {
    const now = Date.now();
    const rooms = await Promise.all(this.demand.map((board) => board.read(() => true, now)));
    return rooms.flat();
  }

  async stop(): Promise<void> {
    clearInterval(this.signOfLife);
    this.workers.stop();
    await this.records.leave(this.gatewayId).catch(() => undefined);
    await this.queue.close();
    this.connections.close();
  }

  private async live(): Promise<void> {
    if (this.records.reachable) await this.records.announce(this.gatewayId).catch(() => undefined);
  }
}
