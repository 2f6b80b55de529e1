import {
  type CatalogueModel,
  completionQueue,
  type EngineName,
  LongshoreError,
  type Mode,
  type ModelFormat,
  type Variant,
  VARIANTS,
  type WorkerAnnouncement,
} from '#contracts';

export interface PlacementRequest {
  readonly model: CatalogueModel;
  readonly mode: Mode;
  /** Only for engines that the path names. */
  readonly engine?: EngineName;
}

export interface Placement {
  readonly variant: Variant;
  readonly queue: string;
  /** No worker of the variant holds the model yet: ask one to load it. */
  readonly needsLoad: boolean;
  /** Why this variant, for response headers and logs. */
  readonly reason: string;
}

const DEFAULT_FORMAT: ModelFormat = 'gguf';

/**
 * Decides which variant runs a request: one that holds the model, else one that has the model's file, else any that
 * could run it; among equals the one with the most free slots, then the most workers.
 * @throws LongshoreError `no_worker`, `no_capable_worker`
 */
export function place(request: PlacementRequest, workers: readonly WorkerAnnouncement[]): Placement {
  const alive = workers.filter((worker) => !worker.draining);
  if (alive.length === 0) throw new LongshoreError('no_worker');
  const capable = alive.filter((worker) => canRun(worker, request));
  if (capable.length === 0) throw new LongshoreError('no_capable_worker', incapable(request, alive));

  const candidates = VARIANTS.map((variant) => rate(variant, request, capable)).filter(
    (rating) => rating.workers > 0,
  );
  const [best] = candidates.sort(
    (a, b) => b.ready - a.ready || b.stored - a.stored || b.free - a.free || b.workers - a.workers,
  );
  if (best === undefined) throw new LongshoreError('no_capable_worker');
  const { variant, ready, stored } = best;
  return {
    variant,
    queue: completionQueue({ variant, modelId: request.model.id, mode: request.mode }),
    needsLoad: ready === 0,
    reason: ready > 0 ? 'resident' : stored > 0 ? 'stored' : 'capable',
  };
}

interface Rating {
  readonly variant: Variant;
  readonly workers: number;
  /** 1 when some session of the model is ready. */
  readonly ready: 0 | 1;
  /** 1 when some worker has the model's file. */
  readonly stored: 0 | 1;
  readonly free: number;
}

function rate(
  variant: Variant,
  { model, mode }: PlacementRequest,
  capable: readonly WorkerAnnouncement[],
): Rating {
  const workers = capable.filter((worker) => worker.variant === variant);
  const sessions = workers
    .flatMap((worker) => worker.sessions)
    .filter((session) => session.modelId === model.id && session.mode === mode && session.state === 'ready');
  return {
    variant,
    workers: workers.length,
    ready: sessions.length > 0 ? 1 : 0,
    stored: workers.some((worker) => worker.models.includes(model.id)) ? 1 : 0,
    free: sessions.reduce((sum, session) => sum + session.slots - session.busy, 0),
  };
}

function canRun(worker: WorkerAnnouncement, { model, engine }: PlacementRequest): boolean {
  const format = model.config.format ?? DEFAULT_FORMAT;
  return worker.engines.some(
    (offer) => (engine ?? offer.name) === offer.name && offer.formats.includes(format),
  );
}

function incapable({ model, engine }: PlacementRequest, alive: readonly WorkerAnnouncement[]): string {
  const format = model.config.format ?? DEFAULT_FORMAT;
  const variants = [...new Set(alive.map((worker) => worker.variant))].join(', ');
  const wanted = engine === undefined ? `an engine for ${format} models` : `${engine} for a ${format} model`;
  return `No live worker has ${wanted}; live variants: ${variants}.`;
}
