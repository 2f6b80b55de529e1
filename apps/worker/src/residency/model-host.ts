import { availableParallelism } from 'node:os';
import { type LongshoreError, VARIANT_TRAITS, type WorkerAnnouncement } from '#contracts';
import type { Logger, WorkerMetrics } from '#observability';
import type { WorkerCluster } from '../cluster/worker-cluster.js';
import type { HostedEngines } from '../engines/hosted-engines.js';
import { RunnableModels } from '../engines/runnable-models.js';
import type { CompletionHandler } from '../jobs/completion.handler.js';
import { refuseWaiting } from '../jobs/refuse-waiting.js';
import { WorkCounts } from '../presence/work-counts.js';
import type { Machine } from '../machine/machine.js';
import type { SettledConfig } from '../worker.config.js';
import { AvoidedModels } from './avoided-models.js';
import { EngineWatch } from './engine-watch.js';
import { Expander } from './expander.js';
import { FailedLoads } from './failed-loads.js';
import type { LoadTask } from './load-task.js';
import { LoadReports } from './load-reports.js';
import { MemoryLedger } from './memory-ledger.js';
import type { ModelLibrary } from './model-library.js';
import { ModelResidency } from './model-residency.js';
import { Preloader } from './preloader.js';
import { provideSession } from './provide-session.js';
import { queueOf, ResidentSession, type SessionIdentity } from './resident-session.js';
import { Rollout } from './rollout.js';
import type { ResidencyEffects } from './residency-effects.js';
import { SessionStarter } from './session-starter.js';
import { WorkerMemory } from './worker-memory.js';

export interface ModelHostParts {
  readonly config: SettledConfig;
  readonly workerId: string;
  readonly runDirectory: string;
  readonly engines: HostedEngines;
  readonly machine: Machine;
  readonly cluster: WorkerCluster;
  readonly library: ModelLibrary;
  readonly completions: CompletionHandler;
  /** The name of a model at the attached server; undefined when it is not there. */
  readonly remoteName: (modelId: string) => string | undefined;
  readonly stopping: AbortSignal;
  readonly logger: Logger;
  readonly metrics: WorkerMetrics;
}

/** Grace between asking an idle engine to end and killing it; ms. */
const ENGINE_STOP_GRACE_MS = 2_000;

/** Jobs refused at once when a model cannot be loaded. */
const REFUSING_SLOTS = 16;

/** The part of a worker that holds models in engines: what decides about it, and what it is done with. */
export class ModelHost {
  readonly residency: ModelResidency;
  readonly rollout: Rollout;
  readonly failures: FailedLoads;
  readonly counts: WorkCounts;
  readonly canRun: (identity: SessionIdentity) => Promise<boolean>;
  private readonly runnable: RunnableModels;
  private readonly reports: LoadReports;
  private readonly ledger = new MemoryLedger();
  private readonly memory: WorkerMemory;
  private readonly avoided: AvoidedModels;
  private readonly preloader: Preloader;
  private readonly starter: SessionStarter;
  private readonly expander: Expander;

  constructor(private readonly parts: ModelHostParts) {
    const { config, workerId, cluster, machine, logger, engines, remoteName } = parts;
    const { variant } = config;
    const { catalogue, configurations } = cluster;
    const { ledger } = this;
    const { engine, accelerator } = VARIANT_TRAITS[variant];
    this.avoided = new AvoidedModels(workerId);
    this.runnable = new RunnableModels({ engines, catalogue, remoteName, engine });
    this.canRun = (identity) => this.runnable.canRun(identity);
    this.memory = new WorkerMemory({ machine, ledger, accelerator, budget: config.memory });
    this.reports = new LoadReports({ redis: cluster.commands, names: cluster.names, workerId, variant });
    this.failures = this.createFailures();
    this.preloader = new Preloader({
      references: config.preload.split(',').flatMap((reference) => reference.trim() || []),
      catalogue,
      residency: () => this.residency,
      canRun: this.canRun,
      logger,
    });
    const pinned = (identity: SessionIdentity): boolean => this.preloader.pinned(identity);
    this.starter = this.createStarter(pinned);
    const engineOf = (modelId: string) => this.runnable.engineOf(modelId);
    this.residency = new ModelResidency(variant, { ...config, engineOf }, this.effects(), logger);
    this.counts = new WorkCounts(parts.metrics, () => this.residency.ready());
    this.rollout = new Rollout({
      variant,
      configurations,
      residency: this.residency,
      avoided: this.avoided,
      ledger,
      pinned,
      keepAlive: config.keepAlive,
    });
    this.expander = new Expander({
      workerId,
      residency: this.residency,
      board: cluster.board,
      workers: cluster.workers,
      slotsOf: (modelId) => this.runnable.slotsOf(modelId, config.slots),
      avoids: (queue) => this.avoided.remaining(queue, Date.now()) > 0,
      canRun: this.canRun,
      logger,
    });
  }

  start(): void {
    this.expander.start();
    this.preloader.start();
  }

  async drain(): Promise<void> {
    this.expander.stop();
    this.preloader.stop();
    await this.residency.drain();
  }

  announce(): Pick<WorkerAnnouncement, 'sessions' | 'memoryTotal' | 'memoryFree'> & {
    readonly avoids: readonly string[];
  } {
    return {
      sessions: this.residency.announce(),
      avoids: this.avoided.queues(Date.now()),
      ...this.memory.announce(),
    };
  }

  private createFailures(): FailedLoads {
    const { workerId, config, cluster, logger } = this.parts;
    return new FailedLoads({
      workerId,
      variant: config.variant,
      avoided: this.avoided,
      others: () => cluster.workers.workers().filter((worker) => worker.workerId !== workerId),
      formatOf: (modelId) => this.runnable.formatOf(modelId),
      memory: () => this.memory.measure(),
      reports: this.reports,
      refuse: (queue, error) => this.refuse(queue, error),
      onChange: () => cluster.presence.changed(),
      logger,
    });
  }

  private createStarter(pinned: (identity: SessionIdentity) => boolean): SessionStarter {
    const { config, cluster, library, remoteName } = this.parts;
    const { catalogue, configurations } = cluster;
    const threads = config.threads > 0 ? config.threads : Math.max(1, availableParallelism() - 1);
    return new SessionStarter({
      ...this.parts,
      settings: { ...config, threads },
      provide: ({ identity, signal }, configuration) =>
        provideSession(
          { library, catalogue, remoteName },
          {
            modelId: identity.modelId,
            speculative: configuration?.speculative,
            signal,
            onProgress: this.reports.fetching(identity),
          },
        ),
      configurations,
      ledger: this.ledger,
      memory: () => this.memory.measure(),
      reports: this.reports,
      pinned,
      roomElsewhere: (identity, here) => this.failures.roomElsewhere(identity, here),
    });
  }

  private effects(): ResidencyEffects {
    const { cluster } = this.parts;
    return {
      load: (task) => this.load(task),
      unload: async (session) => {
        await session.engine.stop(ENGINE_STOP_GRACE_MS);
        this.avoided.roomMade();
      },
      onWaiting: (identity) => this.reports.waiting(identity),
      onLoaded: ({ identity }) => {
        this.counts.loaded();
        this.reports.ready(identity);
      },
      onLoadFailed: (identity, error) => {
        this.counts.notLoaded(error);
        return this.failures.failed(identity, error);
      },
      onRenewalFailed: (identity, error) => {
        this.counts.notLoaded(error);
        this.reports.failed(identity, error);
      },
      onEngineDied: (session, jobsReturned) => {
        this.counts.engineDied();
        void this.bury(session, jobsReturned);
      },
      onChange: () => cluster.presence.changed(),
    };
  }

  /** Sees to it that another session goes on with what one ran whose engine has died. */
  private async bury(session: ResidentSession, jobsReturned: Promise<void>): Promise<void> {
    const { identity } = session;
    const loadable = await this.failures.bury(session, jobsReturned);
    if (this.parts.stopping.aborted) return;
    this.preloader.lost(identity, this.avoided.remaining(this.queueOf(identity), Date.now()));
    if (!loadable) {
      await this.failures.giveUp(identity);
      return;
    }
    this.expander.lookAfter(this.queueOf(identity));
  }

  private async load(task: LoadTask): Promise<ResidentSession> {
    const { cluster, completions, config, logger } = this.parts;
    const { hosted, ...started } = await this.starter.start(task);
    const { identity } = task;
    return new ResidentSession({
      ...started,
      identity,
      watch: new EngineWatch({
        identity,
        engine: started.engine,
        limit: config.engineStallTimeout,
        onStuck: () => this.counts.engineStuck(),
        logger,
      }),
      engineName: hosted.engine.name,
      createPump: (run, slots) => cluster.createPump(task.queue, run, slots),
      run: (job, session) => {
        this.counts.begun(job, identity.modelId, Date.now());
        return completions.run(job, session);
      },
    });
  }

  private async refuse(queue: string, error: LongshoreError): Promise<void> {
    const { cluster, completions } = this.parts;
    await refuseWaiting(
      {
        queue,
        jobs: cluster.jobs,
        createPump: (name, run) => cluster.createPump(name, run, REFUSING_SLOTS),
        refuse: (job, reason) => completions.refuse(job, reason),
      },
      error,
    );
  }

  private queueOf(identity: SessionIdentity): string {
    return queueOf(identity, this.parts.config.variant);
  }
}
