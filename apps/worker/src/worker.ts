import { availableParallelism, hostname } from 'node:os';
import { type ControlHandlers, receiveControl } from '#cluster';
import { type EngineAnnouncement, LongshoreError, type WorkerAnnouncement } from '#contracts';
import { type Engine, type EngineProbe } from '#engines';
import {
  type ModelLease,
  type ModelSource,
  type ModelStore,
  NeighbourHttp,
  type RegistryHttp,
  type StoredModel,
} from '#models';
import { type Logger, readRelease } from '#observability';
import type { PumpedJob } from '#queue';
import { WorkerCluster } from './cluster/worker-cluster.js';
import { CompletionHandler } from './jobs/completion.handler.js';
import { LiveRequests, Stopping } from './jobs/live-requests.js';
import { ModelLoadHandler } from './jobs/load.handler.js';
import { ModelPullHandler } from './jobs/pull.handler.js';
import { refuseWaiting } from './jobs/refuse-waiting.js';
import { describeWorker } from './presence/describe-worker.js';
import { someHolds, someMayLoad } from './residency/candidates.js';
import { Expander } from './residency/expander.js';
import { ModelLibrary } from './residency/model-library.js';
import { ModelResidency } from './residency/model-residency.js';
import { neighboursFor } from './residency/neighbours.js';
import { Quarantine } from './residency/quarantine.js';
import { queueOf, ResidentSession, type SessionIdentity } from './residency/resident-session.js';
import { StoreAccess } from './store-server/store-access.js';
import { StoreServer } from './store-server/store-server.js';
import type { SettledConfig } from './worker.config.js';

export interface WorkerParts {
  readonly config: SettledConfig;
  readonly workerId: string;
  /** Exists, and is removed by the caller after `stop`. */
  readonly runDirectory: string;
  readonly engine: Engine;
  readonly probe: EngineProbe;
  readonly store: ModelStore;
  readonly source: ModelSource;
  /** Where models are pushed to. */
  readonly registry: RegistryHttp;
  readonly logger: Logger;
}

/** Grace between asking an idle engine to end and killing it; ms. */
const ENGINE_STOP_GRACE_MS = 2_000;

/** Jobs refused at once when a model cannot be loaded. */
const REFUSING_SLOTS = 16;

/** Time between two looks at the model store for what nobody needs. */
const TIDY_INTERVAL_MS = 60 * 60 * 1_000;

/** Largest context a slot gets when nobody asked for one; tokens. */
const DEFAULT_CONTEXT_LIMIT = 4_096;

/** One worker: takes jobs of its variant, holds models in engines, sends answers back as frames. */
export class Worker {
  readonly cluster: WorkerCluster;
  readonly pulls: ModelPullHandler;
  readonly loads: ModelLoadHandler;
  private readonly live: LiveRequests;
  private readonly completions: CompletionHandler;
  private readonly library: ModelLibrary;
  private readonly access: StoreAccess;
  private readonly neighbourHttp: NeighbourHttp;
  private readonly storeServer: StoreServer;
  private readonly residency: ModelResidency;
  private readonly expander: Expander;
  private readonly quarantine = new Quarantine();
  private readonly stopping = new AbortController();
  private tidying: NodeJS.Timeout | undefined;

  constructor(private readonly parts: WorkerParts) {
    const { config, workerId, logger, engine } = parts;
    this.live = new LiveRequests(config.engineStallTimeout);
    this.cluster = new WorkerCluster({
      config,
      workerId,
      logger,
      describe: () => this.describe(),
      onGatewayLost: (requestIds) => requestIds.forEach((requestId) => this.live.cancel(requestId)),
    });
    const { catalogue, names, commands, publisher, log, workers, board } = this.cluster;
    this.completions = new CompletionHandler({ workerId, publisher, log, live: this.live, logger });
    this.access = new StoreAccess(this.cluster.storeSecret);
    this.neighbourHttp = new NeighbourHttp(this.access);
    this.library = new ModelLibrary({
      ...parts,
      catalogue,
      neighbours: (modelId) =>
        neighboursFor(workers.workers(), { modelId, workerId, host: hostname() }, Math.random),
      neighbourHttp: this.neighbourHttp,
      onChange: () => this.cluster.presence.changed(),
    });
    this.storeServer = new StoreServer({
      ...parts,
      library: this.library,
      access: this.access,
      host: config.storeHost,
      port: config.storePort,
      url: config.storeUrl,
    });
    this.residency = new ModelResidency(
      config.variant,
      { ...config, engine: engine.name },
      {
        load: (identity, signal) => this.load(identity, signal),
        unload: (session) => session.engine.stop(ENGINE_STOP_GRACE_MS),
        onLoadFailed: (identity, error) => this.refuseUnlessHeld(identity, error),
        onEngineDied: (session, jobsReturned) => void this.bury(session, jobsReturned),
        onChange: () => this.cluster.presence.changed(),
      },
      logger,
    );
    this.expander = new Expander({
      workerId,
      residency: this.residency,
      board,
      workers,
      slots: config.slots,
      avoids: (queue) => this.quarantine.remaining(queue, Date.now()) > 0,
      logger,
    });
    const stopping = this.stopping.signal;
    this.pulls = new ModelPullHandler({ library: this.library, redis: commands, names, logger, stopping });
    this.loads = new ModelLoadHandler({
      residency: this.residency,
      stopping,
      avoids: (identity) => this.pauseOf(identity) > 0,
      giveUp: (identity) => this.giveUp(identity),
    });
  }

  /** Resolves when the worker is announced and takes jobs of models; the caller starts the static consumers. */
  async start(): Promise<void> {
    const { cluster } = this;
    const { workerId, logger } = this.parts;
    await cluster.start();
    await receiveControl({
      subscriber: cluster.news,
      names: cluster.names,
      workerId,
      handlers: this.controlHandlers(),
      onBadMessage: (error) => logger.warn('Ignored a control message', { error }),
    });
    await this.library.synchronise();
    await this.storeServer.start();
    // A Redis that came back empty is told again what is here.
    cluster.news.on(
      'ready',
      () => void this.library.synchronise().catch((error: unknown) => this.complain(error)),
    );
    await cluster.presence.start();
    this.expander.start();
    const tidy = (): void => void this.library.tidy().catch((error: unknown) => this.complain(error));
    this.tidying = setInterval(tidy, TIDY_INTERVAL_MS).unref();
  }

  /** Takes nothing new; what was begun may finish within `drainMs`, then others go on with what they can go on with. */
  async drain(drainMs: number): Promise<void> {
    this.stopping.abort();
    this.cluster.presence.changed();
    this.expander.stop();
    const cut = setTimeout(() => this.live.abortAll(new Stopping()), drainMs);
    await this.residency.drain();
    clearTimeout(cut);
  }

  async stop(): Promise<void> {
    clearInterval(this.tidying);
    this.live.stop();
    await this.storeServer.stop();
    await this.neighbourHttp.close();
    await this.cluster.stop();
  }

  private describe(): WorkerAnnouncement {
    const { config, workerId, engine, probe } = this.parts;
    const offer: EngineAnnouncement = {
      name: engine.name,
      driver: engine.driver,
      version: probe.version,
      formats: probe.formats,
    };
    return describeWorker({
      workerId,
      variant: config.variant,
      release: readRelease(),
      draining: this.stopping.signal.aborted,
      engines: [offer],
      sessions: this.residency.announce(),
      models: this.library.stored,
      storeBytes: this.library.storedBytes,
      storeUrl: this.storeServer.url,
      avoids: this.quarantine.queues(Date.now()),
    });
  }

  private async load(identity: SessionIdentity, signal: AbortSignal): Promise<ResidentSession> {
    const { engine, probe } = this.parts;
    if (!probe.modes.includes(identity.mode)) {
      throw new LongshoreError('load_failed', `${engine.driver} cannot run models for ${identity.mode}.`);
    }
    for (let tries = 1; ; tries += 1) {
      const { model, lease } = await this.library.provide(identity.modelId, signal);
      try {
        return await this.startEngine(identity, { model, lease }, signal);
      } catch (error) {
        await lease.release();
        // An engine that does not take a model may have been given damaged bytes.
        if (tries > 1 || signal.aborted || !(await this.library.foundDamage(identity.modelId, signal)))
          throw error;
      }
    }
  }

  private async startEngine(
    identity: SessionIdentity,
    { model, lease }: { readonly model: StoredModel; readonly lease: ModelLease },
    signal: AbortSignal,
  ): Promise<ResidentSession> {
    const { config, engine, runDirectory, logger } = this.parts;
    const limit = Math.min(model.config.context_size ?? DEFAULT_CONTEXT_LIMIT, DEFAULT_CONTEXT_LIMIT);
    const started = await engine.start(
      {
        modelId: identity.modelId,
        servedName: servedNameOf(model),
        mode: identity.mode,
        files: lease.files,
        contextSize: config.contextSize > 0 ? config.contextSize : limit,
        slots: config.slots,
        threads: config.threads > 0 ? config.threads : Math.max(1, availableParallelism() - 1),
        runDirectory,
        log: (line) => logger.debug(line, { engine: engine.driver, model: servedNameOf(model) }),
      },
      signal,
    );
    void started.exited.then(() => lease.release()).catch((error: unknown) => this.complain(error));
    const queue = queueOf(identity, config.variant);
    return new ResidentSession(
      identity,
      engine.name,
      started,
      (run, slots) => this.cluster.createPump(queue, run, slots),
      (job, session) => this.completions.run(job, session),
    );
  }

  /** Those who wait for a model that cannot be loaded are told, unless another worker has it or is trying. */
  private async refuseUnlessHeld(identity: SessionIdentity, error: LongshoreError): Promise<void> {
    if (someHolds(identity, this.parts.config.variant, this.otherWorkers())) return;
    await this.refuse(identity, error);
  }

  /** Sees to what an engine ran that has died: some worker goes on with it, unless engines keep dying. */
  private async bury(session: ResidentSession, jobsReturned: Promise<void>): Promise<void> {
    const { identity } = session;
    const queue = queueOf(identity, this.parts.config.variant);
    // What a request does to every engine is no fault of this worker.
    if (!session.suspect && this.quarantine.note(queue, Date.now()) > 0) {
      const seconds = Math.round(this.pauseOf(identity) / 1_000);
      this.parts.logger.error('Engines keep ending with a model; leaving it alone', { ...identity, seconds });
    }
    await jobsReturned;
    if (this.stopping.signal.aborted) return;
    if (this.pauseOf(identity) > 0) await this.giveUp(identity);
    else this.expander.lookAfter(queue);
  }

  /** For how long this worker still leaves a model alone; ms. */
  private pauseOf(identity: SessionIdentity): number {
    return this.quarantine.remaining(queueOf(identity, this.parts.config.variant), Date.now());
  }

  /** Tells those who wait for a model that this worker leaves alone, unless another can load it. */
  private async giveUp(identity: SessionIdentity): Promise<boolean> {
    const { workerId, config } = this.parts;
    if (someMayLoad(identity, config.variant, this.otherWorkers())) return false;
    const seconds = Math.ceil(this.pauseOf(identity) / 1_000);
    const message = `Engines with this model keep ending on worker ${workerId}, which leaves it alone for ${seconds} s more, and no other worker can load it.`;
    await this.refuse(identity, new LongshoreError('load_failed', message));
    return true;
  }

  private otherWorkers(): readonly WorkerAnnouncement[] {
    return this.cluster.workers.workers().filter(({ workerId }) => workerId !== this.parts.workerId);
  }

  private async refuse(identity: SessionIdentity, error: LongshoreError): Promise<void> {
    await refuseWaiting(
      {
        queue: queueOf(identity, this.parts.config.variant),
        jobs: this.cluster.jobs,
        createPump: (queue, run) => this.cluster.createPump(queue, run, REFUSING_SLOTS),
        refuse: (job: PumpedJob, reason) => this.completions.refuse(job, reason),
      },
      error,
    );
  }

  private controlHandlers(): ControlHandlers {
    const { publisher } = this.cluster;
    return {
      cancel: ({ requestId }) => this.live.cancel(requestId ?? ''),
      pause: ({ requestId }) => this.live.pause(requestId ?? ''),
      resume: ({ requestId }) => this.live.resume(requestId ?? ''),
      replay: ({ requestId, attempt, sequence }) =>
        void publisher.replay(requestId ?? '', attempt ?? 0, sequence ?? 0),
      'delete-model': ({ reference }) =>
        void this.deleteModel(reference ?? '').catch((error: unknown) => this.complain(error)),
      'tag-model': ({ reference, modelId }) =>
        void this.library.tag(modelId ?? '', reference ?? '').catch((error: unknown) => this.complain(error)),
      'cancel-pull': ({ reference }) => this.pulls.cancel(reference ?? ''),
      unload: () => undefined,
      configure: () => undefined,
      'purge-models': () => void this.purgeModels().catch((error: unknown) => this.complain(error)),
    };
  }

  private async purgeModels(): Promise<void> {
    for (const id of await this.library.purge()) await this.residency.forget(id);
    this.cluster.presence.changed();
  }

  private async deleteModel(reference: string): Promise<void> {
    const gone = await this.library.delete(reference);
    const id = gone ?? (reference.startsWith('sha256:') ? reference : undefined);
    if (id !== undefined) await this.residency.forget(id);
    this.cluster.presence.changed();
  }

  private complain(error: unknown): void {
    this.parts.logger.warn('Could not bring store and catalogue together', { error });
  }
}

/** The same on every worker, because another may go on with an answer: workers differ in the digests they pulled by. */
function servedNameOf({ id, tags }: StoredModel): string {
  return tags.filter((tag) => !tag.includes('@')).toSorted()[0] ?? tags[0] ?? id;
}
