import {
  completionQueue,
  ENGINES,
  type Mode,
  type ModelFormat,
  type Variant,
  type WorkerAnnouncement,
} from '#contracts';
import type { MemoryFigures } from '../machine/container-memory.js';
import type { SessionIdentity } from './resident-session.js';

/** True when one of these workers has the model or is loading it. */
export function someHolds(
  { modelId, mode }: SessionIdentity,
  variant: Variant,
  others: readonly WorkerAnnouncement[],
): boolean {
  return others.some(
    (worker) =>
      worker.variant === variant &&
      worker.sessions.some((session) => session.modelId === modelId && session.mode === mode),
  );
}

export interface CandidateQuestion {
  readonly identity: SessionIdentity;
  readonly format: ModelFormat;
  readonly variant: Variant;
}

/** Those of these workers that could load the model, as far as they tell. */
export function whoMayLoad(
  { identity, format, variant }: CandidateQuestion,
  others: readonly WorkerAnnouncement[],
): readonly WorkerAnnouncement[] {
  const queue = completionQueue({ variant, ...identity });
  return others.filter(
    (worker) =>
      worker.variant === variant &&
      !worker.draining &&
      worker.avoids?.includes(queue) !== true &&
      hasEngine(worker, format, identity),
  );
}

/** What an engine can do that does not say it: workers of earlier releases know no other modes. */
const UNSAID_MODES: readonly Mode[] = ['completion', 'embedding'];

/** What a worker says of the model itself counts where nobody can bring it the files. */
function hasEngine(
  { engines, models }: WorkerAnnouncement,
  format: ModelFormat,
  { modelId, mode }: SessionIdentity,
): boolean {
  const [engine] = engines
    .filter(({ formats }) => formats.includes(format))
    .toSorted((a, b) => ENGINES.indexOf(a.name) - ENGINES.indexOf(b.name));
  if (engine === undefined || !(engine.modes ?? UNSAID_MODES).includes(mode)) return false;
  return format !== 'remote' || models.includes(modelId);
}

/** A difference in memory smaller than this share is no reason to try elsewhere. */
const WORTH_TRYING = 1.05;

/** True when a worker has, or has free, more memory for models than there was here. */
export function hasMoreMemory(worker: WorkerAnnouncement, here: MemoryFigures): boolean {
  const devices = worker.accelerators?.filter(({ memoryTotal }) => memoryTotal > 0) ?? [];
  const there =
    devices.length === 0
      ? { total: worker.memoryTotal, free: worker.memoryFree }
      : {
          total: devices.reduce((sum, { memoryTotal }) => sum + memoryTotal, 0),
          free: devices.reduce((sum, { memoryFree }) => sum + memoryFree, 0),
        };
  return there.total > here.total * WORTH_TRYING || there.free > here.free * WORTH_TRYING;
}
