import { completionQueue, type Variant, type WorkerAnnouncement } from '#contracts';
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

/** True when one of these workers could load the model, as far as it tells. */
export function someMayLoad(
  identity: SessionIdentity,
  variant: Variant,
  others: readonly WorkerAnnouncement[],
): boolean {
  const queue = completionQueue({ variant, ...identity });
  return others.some(
    (worker) => worker.variant === variant && !worker.draining && worker.avoids?.includes(queue) !== true,
  );
}
