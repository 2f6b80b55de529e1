import type { AcceleratorAnnouncement } from '#contracts';
import type { MemoryFigures } from '../machine/container-memory.js';

/** The smallest context a model is given for want of memory; tokens. */
const SMALLEST_CONTEXT = 512;

/** A context is halved at most so many times. */
const HALVINGS = 3;

/** The context to begin with when it is left to the engine and that is too much; tokens. */
const FIRST_GUESS = 8_192;

/** What is asked for, then ever smaller contexts, in the order to try. Undefined leaves it to the engine. */
export function contextLadder(wanted: number | undefined): readonly (number | undefined)[] {
  if (wanted === undefined) return [undefined, ...contextLadder(FIRST_GUESS)];
  const smaller = Array.from({ length: HALVINGS }, (_, index) => Math.floor(wanted / 2 ** (index + 1)));
  return [wanted, ...smaller.filter((size) => size >= SMALLEST_CONTEXT)];
}

/**
 * The first rung whose context alone is not more than all memory there is; -1 when none is. An engine that is given more
 * may not fail at once: it can bring its whole machine to a stand.
 * @param contexts bytes that the context of each rung takes, without the weights
 * @param total bytes
 */
export function firstConceivable(contexts: readonly number[], total: number): number {
  return contexts.findIndex((bytes) => bytes <= total);
}

export interface MemoryQuestion {
  /** What the machine says at this moment; undefined when it does not. */
  readonly measured: MemoryFigures | undefined;
  /** What the operator allows; 0 = all. */
  readonly budget: number;
  /** Estimates of the sessions that are there. */
  readonly held: number;
  /** Estimates of those that are being started, which the machine does not see yet. */
  readonly starting: number;
}

/**
 * Bytes that one more model can be expected to find. Mapped weights of a model look free to the machine, so what the
 * sessions are estimated to take counts too. Infinite when nothing is known.
 */
export function freeMemory({ measured, budget, held, starting }: MemoryQuestion): number {
  const total = Math.min(measured?.total ?? Infinity, budget > 0 ? budget : Infinity);
  const unseen = (measured?.free ?? Infinity) - starting;
  return Math.max(0, Math.min(unseen, total - held - starting));
}

/** The memory models of a kind of worker go into. Undefined when the devices do not tell theirs. */
export function memoryOf(
  devices: readonly AcceleratorAnnouncement[] | undefined,
  machine: MemoryFigures,
): MemoryFigures | undefined {
  if (devices === undefined || devices.length === 0) return machine;
  if (devices.some(({ memoryTotal }) => memoryTotal === 0)) return undefined;
  return {
    total: devices.reduce((sum, { memoryTotal }) => sum + memoryTotal, 0),
    free: devices.reduce((sum, { memoryFree }) => sum + memoryFree, 0),
  };
}

export interface ShortageQuestion {
  /** Contexts in the order to try. */
  readonly ladder: readonly (number | undefined)[];
  /** Index of the one that did not fit. */
  readonly rung: number;
  /** Another session is idle and could go. */
  readonly evictable: boolean;
  /** Another session is busy, and will be idle at some time. */
  readonly others: boolean;
  /** Another worker may have room for it. */
  readonly elsewhere: boolean;
}

/** What to do after an engine found too little memory. */
export type ShortageStep =
  /** End the idle session that was used least lately, and try the same again. */
  | { readonly kind: 'evict' }
  /** Try a smaller context. */
  | { readonly kind: 'shrink'; readonly rung: number }
  /** Wait until a session is idle, end it and begin anew. */
  | { readonly kind: 'wait' }
  /** It does not fit here. */
  | { readonly kind: 'give-up' };

export function afterShortage(question: ShortageQuestion): ShortageStep {
  const { ladder, rung, evictable, others, elsewhere } = question;
  if (evictable) return { kind: 'evict' };
  if (rung + 1 < ladder.length) return { kind: 'shrink', rung: rung + 1 };
  return others && !elsewhere ? { kind: 'wait' } : { kind: 'give-up' };
}
