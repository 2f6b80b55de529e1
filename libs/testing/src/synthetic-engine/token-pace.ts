/** Tokens that are written at once when the rate has no limit: few enough that streams take turns. */
const BURST = 16;

export interface PaceOptions {
  /** Tokens a second; 0 is as fast as it can. */
  readonly rate: number;
  readonly prefillMs: number;
  readonly tokens: number;
  /**
   * Takes the tokens that are due, from number `first` up to and without `end`. Says `false` when it has no room for
   * more and then calls `again` once it has.
   */
  readonly emit: (first: number, end: number, again: () => void) => boolean;
  readonly finish: () => void;
}

/** Calls `emit` when tokens are due and `finish` after the last one. Returns what stops it. */
export function paceTokens({ rate, prefillMs, tokens, emit, finish }: PaceOptions): () => void {
  let next = 1;
  let stopped = false;
  let timer: NodeJS.Timeout | NodeJS.Immediate;
  const start = performance.now() + prefillMs;
  const due = (): number =>
    rate === 0 ? next + BURST : 2 + Math.floor(((performance.now() - start) / 1000) * rate);
  const schedule = (): void => {
    timer = rate === 0 ? setImmediate(step) : setTimeout(step, Math.max(1, 1000 / rate));
  };
  const step = (): void => {
    if (stopped) return;
    const end = Math.min(due(), tokens + 1);
    const room = end <= next || emit(next, end, schedule);
    next = Math.max(next, end);
    if (next <= tokens) {
      if (room) schedule();
      return;
    }
    stopped = true;
    finish();
  };
  if (prefillMs > 0) timer = setTimeout(step, prefillMs);
  else step();
  return () => {
    stopped = true;
    clearTimeout(timer as NodeJS.Timeout);
    clearImmediate(timer as NodeJS.Immediate);
  };
}
