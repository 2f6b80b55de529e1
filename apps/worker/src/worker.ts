import { hostname } from 'node:os';
import { receiveControl } from '#cluster';
import { VARIANT_TRAITS, type WorkerAnnouncement } from '#contracts';
import { type ModelSource, type ModelStore, NeighbourHttp, type RegistryHttp } from '#models';
import { type Logger, WorkerMetrics } from '#observability';
import { readRelease } from '#config';
import { WorkerCluster } from './cluster/worker-cluster.js';
import { controlHandlers } from './control-handlers.js';
import { AttachedModels } from './engines/attached-models.js';
import type { HostedEngines } from './engines/hosted-engines.js';
import { type ListingEngine, RemoteModels } from './engines/remote-models.js';
import { CompletionHandler } from './jobs/completion.handler.js';
import { LiveRequests, Stopping } from './jobs/live-requests.js';
import { ModelLoadHandler } from './jobs/load.handler.js';
import { ModelPullHandler } from './jobs/pull.handler.js';
import type { Machine } from './machine/machine.js';
import { describeWorker } from './presence/describe-worker.js';
import { ModelHost } from './residency/model-host.js';
import { ModelLibrary } from './residency/model-library.js';
import { neighboursFor, otherStores } from './residency/neighbours.js';
import { StoreAccess } from './store-server/store-access.js';
import { StoreServer } from './store-server/store-server.js';
import type { SettledConfig } from './worker.config.js';

/** A server that somebody else runs. */
export interface AttachedServer {
  readonly engine: ListingEngine;
  readonly url: string;
}

export interface WorkerParts {
  readonly config: SettledConfig;
  readonly workerId: string;
  /** Exists, and is removed by the caller after `stop`. */
  readonly runDirectory: string;
  readonly engines: HostedEngines;
  readonly attached?: AttachedServer | undefined;
  readonly machine: Machine;
  readonly store: ModelStore;
  readonly source: ModelSource;
  /** Where models are pushed to. */
  readonly registry: RegistryHttp;
  readonly logger: Logger;
}

/** Time between two looks at the model store for what nobody needs. */
const TIDY_INTERVAL_MS = 60 * 60 * 1_000;

/** One worker: takes jobs of its variant, holds models in engines, sends answers back as frames. */
export class Worker {
  readonly cluster: WorkerCluster;
  readonly pulls: ModelPullHandler;
  readonly loads: ModelLoadHandler;
  private readonly live: LiveRequests;
  private readonly library: ModelLibrary;
  private readonly neighbourHttp: NeighbourHttp;
  private readonly storeServer: StoreServer;
  private readonly remote: RemoteModels | undefined;
  private readonly attached: AttachedModels | undefined;
  private readonly host: ModelHost;
  private readonly stopping = new AbortController();
  private tidying: NodeJS.Timeout | undefined;
  private started = false;

  constructor(private readonly parts: WorkerParts) {
    const { config, workerId, logger, attached, engines } = parts;
    this.live = new LiveRequests(config.engineStallTimeout);
    this.cluster = new WorkerCluster({
      config,
      workerId,
      logger,
      describe: () => this.describe(),
      onGatewayLost: (requestIds) => requestIds.forEach((requestId) => this.live.cancel(requestId)),
    });
    const { catalogue, names, commands, publisher, log, workers } = this.cluster;
    const onChange = (): void => this.cluster.presence.changed();
    const access = new StoreAccess(this.cluster.storeSecret);
    this.neighbourHttp = new NeighbourHttp(access);
    this.library = new ModelLibrary({
      ...parts,
      catalogue,
      neighbours: (modelId) =>
        neighboursFor(workers.workers(), { modelId, workerId, host: hostname() }, Math.random),
      otherStores: () =>
        otherStores(workers.workers(), { storeId: parts.store.id, workerId, host: hostname() }, Math.random),
      neighbourHttp: this.neighbourHttp,
      turns: this.cluster.downloadTurns,
      onChange,
    });
    this.storeServer = new StoreServer({
      ...parts,
      library: this.library,
      access,
      host: config.storeHost,
      port: config.storePort,
      url: config.storeUrl,
      sessions: () => this.host.residency.ready(),
      metrics: () => this.host.counts.text(),
      problems: () => this.problems(),
    });
    this.remote = attached && new RemoteModels({ ...attached, catalogue, logger });
    this.attached =
      attached &&
      this.remote &&
      new AttachedModels({ engine: attached.engine, models: this.remote, engines, onChange, logger });
    const stopping = this.stopping.signal;
    const metrics = new WorkerMetrics();
    this.host = new ModelHost({
      ...parts,
      cluster: this.cluster,
      library: this.library,
      completions: new CompletionHandler({ workerId, publisher, log, live: this.live, logger, metrics }),
      metrics,
      remoteName: (modelId) => this.remote?.nameOf(modelId),
      stopping,
    });
    this.pulls = new ModelPullHandler({
      library: this.library,
      redis: commands,
      names,
      logger,
      metrics,
      stopping,
    });
    this.loads = new ModelLoadHandler({ ...this.host, stopping });
  }

  /** Resolves when the worker is announced and takes jobs of models; the caller starts the static consumers. */
  async start(): Promise<void> {
    const { cluster, host } = this;
    const { workerId, logger } = this.parts;
    await cluster.start();
    await receiveControl({
      subscriber: cluster.news,
      names: cluster.names,
      workerId,
      handlers: controlHandlers({
        ...host,
        live: this.live,
        publisher: cluster.publisher,
        library: this.library,
        pulls: this.pulls,
        onChange: () => cluster.presence.changed(),
        complain: (error) => this.complain(error),
      }),
      onBadMessage: (error) => logger.warn('Ignored a control message', { error }),
    });
    await this.library.synchronise();
    await this.attached?.look();
    await this.storeServer.start();
    cluster.news.on('ready', () => this.catchUp());
    await cluster.presence.start();
    host.start();
    this.started = true;
    const tidy = (): void => void this.library.tidy().catch((error: unknown) => this.complain(error));
    this.tidying = setInterval(tidy, TIDY_INTERVAL_MS).unref();
  }

  /** Takes nothing new; what was begun may finish within `drainMs`, then others go on with what they can go on with. */
  async drain(drainMs: number): Promise<void> {
    this.stopping.abort();
    this.cluster.presence.changed();
    this.attached?.stop();
    const cut = setTimeout(() => this.live.abortAll(new Stopping()), drainMs);
    await this.host.drain();
    clearTimeout(cut);
  }

  async stop(): Promise<void> {
    clearInterval(this.tidying);
    this.live.stop();
    await this.storeServer.stop();
    await this.neighbourHttp.close();
    await this.cluster.stop();
  }

  /** A Redis that came back empty is told again what is here; and news may have been missed. */
  private catchUp(): void {
    const complain = (error: unknown): void => this.complain(error);
    void this.library.synchronise().catch(complain);
    void this.attached?.look();
    void this.host.rollout.applyAll().catch(complain);
  }

  private describe(): WorkerAnnouncement {
    const { config, workerId, engines, machine } = this.parts;
    const { accelerator } = VARIANT_TRAITS[config.variant];
    return describeWorker({
      workerId,
      variant: config.variant,
      release: readRelease(),
      draining: this.stopping.signal.aborted,
      engines: engines.announce(),
      accelerators: machine.accelerators.filter(({ kind }) => kind === accelerator),
      models: [...this.library.stored, ...(this.remote?.ids ?? [])],
      storeBytes: this.library.storedBytes,
      storeId: this.parts.store.id,
      storeUrl: this.storeServer.url,
      ...this.host.announce(),
    });
  }

  /** Why no jobs are taken. A model that is loading is no reason. */
  private problems(): readonly string[] {
    const found: string[] = [];
    if (!this.started) found.push('The worker is starting.');
    if (this.stopping.signal.aborted) found.push('The worker is stopping.');
    if (this.cluster.commands.status !== 'ready') found.push('Redis cannot be reached.');
    return found;
  }

  private complain(error: unknown): void {
    this.parts.logger.warn('Could not bring what is here and what the cluster knows together', { error });
  }
}
