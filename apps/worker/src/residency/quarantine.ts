/** So many engines of one model must die within the window; then their worker leaves the model alone for a while. */
const DEATHS = 3;
const WINDOW_MS = 60_000;

/** The first pause; each further one is twice as long, up to the longest. */
const FIRST_PAUSE_MS = 30_000;
const LONGEST_PAUSE_MS = 300_000;

/** After so long without a death all is forgotten. */
const MEMORY_MS = 2 * LONGEST_PAUSE_MS;

/**
 * Until when a worker leaves a model alone, after its engines died at these times, oldest first; 0 when never. Once
 * three have died within a minute it pauses; after the pause one death within a minute is enough for the next.
 */
export function quarantinedUntil(deaths: readonly number[]): number {
  let until = 0;
  let pauses = 0;
  let recent: number[] = [];
  let last = deaths[0] ?? 0;
  for (const death of deaths) {
    if (death - last > MEMORY_MS) [pauses, until] = [0, 0];
    recent = [...recent.filter((earlier) => death - earlier < WINDOW_MS), death];
    const onProbation = pauses > 0 && death - until < WINDOW_MS;
    if (recent.length >= DEATHS || onProbation) {
      until = death + Math.min(FIRST_PAUSE_MS * 2 ** pauses, LONGEST_PAUSE_MS);
      pauses++;
      recent = [];
    }
    last = death;
  }
  return until;
}

/** When the engines of each model died, as far as that matters. */
export class Quarantine {
  private readonly deaths = new Map<string, number[]>();

  /** An engine died by itself. @returns until when its model is left alone; 0 when it may be loaded again */
  note(queue: string, now: number): number {
    const deaths = (this.deaths.get(queue) ?? []).filter((at) => now - at < 2 * MEMORY_MS);
    deaths.push(now);
    this.deaths.set(queue, deaths);
    const until = quarantinedUntil(deaths);
    return until > now ? until : 0;
  }

  /** What its engines died of does not hold any more. */
  forget(queue: string): void {
    this.deaths.delete(queue);
  }

  /** For how long the model of this queue is still left alone; ms, 0 when it is not. */
  remaining(queue: string, now: number): number {
    const deaths = this.deaths.get(queue);
    return deaths === undefined ? 0 : Math.max(0, quarantinedUntil(deaths) - now);
  }

  /** The queues whose models are left alone now. */
  queues(now: number): string[] {
    return [...this.deaths.keys()].filter((queue) => this.remaining(queue, now) > 0);
  }
}
