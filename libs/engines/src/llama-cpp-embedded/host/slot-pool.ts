/** A place where one request runs at a time, and what its KV cache holds. */
export interface Slot {
  /** Tokens that are computed already. */
  cachedTokens(): readonly number[];
}

/** A slot is taken for its cache only when that spares more than this part of the prompt. */
const WORTHWHILE_PART = 0.1;

interface Waiter<T> {
  readonly prompt: readonly number[];
  readonly give: (slot: T) => void;
}

/** Hands slots to requests, first come, first served; of the free slots, the one whose cache fits the prompt best. */
export class SlotPool<T extends Slot> {
  /** Least recently used first. */
  readonly #free: T[];
  readonly #waiting: Waiter<T>[] = [];

  constructor(slots: readonly T[]) {
    this.#free = [...slots];
  }

  /** @throws the signal's reason when it aborts before a slot was given. */
  async acquire(prompt: readonly number[], signal: AbortSignal): Promise<T> {
    signal.throwIfAborted();
    const slot = this.#take(prompt);
    if (slot !== undefined) return slot;
    return new Promise<T>((resolve, reject) => {
      const waiter: Waiter<T> = {
        prompt,
        give: (given) => {
          signal.removeEventListener('abort', leave);
          resolve(given);
        },
      };
      const leave = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
        reject(signal.reason as Error);
      };
      signal.addEventListener('abort', leave, { once: true });
      this.#waiting.push(waiter);
    });
  }

  release(slot: T): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free.push(slot);
    else next.give(slot);
  }

  #take(prompt: readonly number[]): T | undefined {
    const [slot] = this.#free.splice(
      chooseSlot(
        this.#free.map((free) => free.cachedTokens()),
        prompt,
      ),
      1,
    );
    return slot;
  }
}

/** Index of the cache that spares most of the prompt, or 0 (the least recently used) when none spares enough. */
export function chooseSlot(caches: readonly (readonly number[])[], prompt: readonly number[]): number {
  const spared = caches.map((cache) => commonPrefix(cache, prompt));
  const most = Math.max(0, ...spared);
  return most > prompt.length * WORTHWHILE_PART ? spared.indexOf(most) : 0;
}

/** How many tokens two lists share from the beginning. */
export function commonPrefix(a: readonly number[], b: readonly number[]): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) if (a[index] !== b[index]) return index;
  return length;
}
