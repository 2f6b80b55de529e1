import {
  type CatalogueModel,
  completionQueue,
  ENGINE_FORMATS,
  type EngineAnnouncement,
  type EngineName,
  ENGINES,
  LongshoreError,
  type Mode,
  type ModelFormat,
  type Variant,
  VARIANT_TRAITS,
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
  /** What runs the model there. Where workers of the variant differ, the first in the order of `ENGINES`. */
  readonly engine: EngineName;
  /** No worker of the variant holds the model yet: ask one to load it. */
  readonly needsLoad: boolean;
  /** Why this variant, for response headers and logs. */
  readonly reason: string;
}

const DEFAULT_FORMAT: ModelFormat = 'gguf';

/** What an engine can do that does not say it: workers of earlier releases know no other modes. */
const UNSAID_MODES: readonly Mode[] = ['completion', 'embedding'];

/** The one engine a worker runs models of a format with; undefined when it can run none. */
export function engineFor(
  worker: Pick<WorkerAnnouncement, 'engines'>,
  format: ModelFormat,
): EngineAnnouncement | undefined {
  const [first] = worker.engines
    .filter(({ formats }) => formats.includes(format))
    .toSorted((a, b) => ENGINES.indexOf(a.name) - ENGINES.indexOf(b.name));
  return first;
}

/**
 * Decides which variant runs a request: one that holds the model, else one that has the model's file, else any that
 * could run it; among equals the one with the most free slots, then the most workers. Where none is alive that can, the
 * first of `standby` whose engine is for such models: something starts workers of these when requests wait.
 * @throws LongshoreError `no_worker`, `no_capable_worker`
 */
export function place(
  request: PlacementRequest,
  workers: readonly WorkerAnnouncement[],
  standby: readonly Variant[] = [],
): Placement {
  const { model, mode, engine: wanted } = request;
  const alive = workers.filter((worker) => !worker.draining);
  const waking = (): Placement | undefined => placeOnStandby(request, standby);
  if (alive.length === 0) return waking() ?? refuse(new LongshoreError('no_worker'));
  const ratings = VARIANTS.map((variant) => rate(variant, request, alive)).filter(
    ({ engines }) => engines.length > 0 && (wanted === undefined || engines.includes(wanted)),
  );
  if (ratings.length === 0)
    return waking() ?? refuse(new LongshoreError('no_capable_worker', incapable(request, alive)));
  // All workers of a variant serve the same queue, so that nobody can choose among their engines.
  const certain = ratings.filter(({ engines }) => wanted === undefined || engines.length === 1);
  const [best] = certain.sort(
    (a, b) => b.ready - a.ready || b.stored - a.stored || b.free - a.free || b.workers - a.workers,
  );
  const engine = best?.engines[0];
  if (best === undefined || engine === undefined)
    throw new LongshoreError('no_capable_worker', undecided(request, ratings));
  const { variant, ready, stored } = best;
  return {
    variant,
    engine,
    queue: completionQueue({ variant, modelId: model.id, mode }),
    needsLoad: ready === 0,
    reason: ready > 0 ? 'resident' : stored > 0 ? 'stored' : 'capable',
  };
}

function refuse(error: LongshoreError): never {
  throw error;
}

function placeOnStandby(
  { model, mode, engine: wanted }: PlacementRequest,
  standby: readonly Variant[],
): Placement | undefined {
  const variant = standby.find((name) => {
    const { engine } = VARIANT_TRAITS[name];
    return ENGINE_FORMATS[engine] === formatOf(model) && (wanted === undefined || wanted === engine);
  });
  if (variant === undefined) return undefined;
  const { engine } = VARIANT_TRAITS[variant];
  const queue = completionQueue({ variant, modelId: model.id, mode });
  return { variant, engine, queue, needsLoad: true, reason: 'standby' };
}

interface Rating {
  readonly variant: Variant;
  /** What its workers would run the model with, each once, in the order of `ENGINES`. */
  readonly engines: readonly EngineName[];
  readonly workers: number;
  /** 1 when some session of the model is ready. */
  readonly ready: 0 | 1;
  /** 1 when some worker has the model's file. */
  readonly stored: 0 | 1;
  readonly free: number;
}

function rate(variant: Variant, request: PlacementRequest, alive: readonly WorkerAnnouncement[]): Rating {
  const { model, mode } = request;
  const workers = alive.filter(
    (worker) => worker.variant === variant && engineThatRuns(worker, request) !== undefined,
  );
  const used = new Set(workers.map((worker) => engineThatRuns(worker, request)));
  const sessions = workers
    .flatMap((worker) => worker.sessions)
    .filter((session) => session.modelId === model.id && session.mode === mode && session.state === 'ready');
  return {
    variant,
    engines: ENGINES.filter((name) => used.has(name)),
    workers: workers.length,
    ready: sessions.length > 0 ? 1 : 0,
    stored: workers.some((worker) => worker.models.includes(model.id)) ? 1 : 0,
    free: sessions.reduce((sum, session) => sum + session.slots - session.busy, 0),
  };
}

function engineThatRuns(
  worker: WorkerAnnouncement,
  { model, mode }: PlacementRequest,
): EngineName | undefined {
  const engine = engineFor(worker, formatOf(model));
  return (engine?.modes ?? UNSAID_MODES).includes(mode) ? engine?.name : undefined;
}

function formatOf({ config }: CatalogueModel): ModelFormat {
  return config.format ?? DEFAULT_FORMAT;
}

function incapable({ model, mode, engine }: PlacementRequest, alive: readonly WorkerAnnouncement[]): string {
  const format = formatOf(model);
  const variants = list(alive.map((worker) => worker.variant));
  const offers = alive
    .map((worker) => engineFor(worker, format))
    .filter((offer) => offer !== undefined)
    .filter(({ name }) => engine === undefined || name === engine);
  if (offers.length > 0) {
    return `No live worker can run ${format} models for ${mode}: ${list(offers.map(({ name }) => name))} cannot.`;
  }
  if (engine === undefined)
    return `No live worker has an engine for ${format} models; live variants: ${variants}.`;
  const others = alive.map((worker) => engineFor(worker, format)?.name).filter((name) => name !== undefined);
  const instead = others.length === 0 ? '' : ` They run such models with ${list(others)}.`;
  return `No live worker has ${engine} for a ${format} model; live variants: ${variants}.${instead}`;
}

function undecided({ model, engine }: PlacementRequest, ratings: readonly Rating[]): string {
  const mixed = ratings.map(({ variant, engines }) => `${variant} with ${engines.join(' and ')}`).join(', ');
  return `No variant runs ${formatOf(model)} models with ${engine} alone (${mixed}); leave the engine out of the path.`;
}

function list(words: readonly string[]): string {
  return [...new Set(words)].join(', ');
}
