import { printBytes } from '#models';

export interface Shortage {
  readonly workerId: string;
  /** What people know the model by. */
  readonly name: string;
  /** The smallest that was tried; tokens. */
  readonly contextSize: number | undefined;
  readonly slots: number;
  /** Bytes. */
  readonly free: number;
  readonly estimate: number;
  /** What the engine said. */
  readonly reason: string;
}

/** A sentence with numbers for those who asked for a model that did not fit. */
export function explainShortage(shortage: Shortage): string {
  const { workerId, name, contextSize, slots, free, estimate, reason } = shortage;
  const context =
    contextSize === undefined
      ? ''
      : `, with a context of ${contextSize} tokens for each of ${slots} requests at once`;
  const needs = estimate > 0 ? ` needs some ${printBytes(estimate)}` : ' does not fit';
  const has = Number.isFinite(free)
    ? `, and worker ${workerId} had ${printBytes(free)} left`
    : ` on worker ${workerId}`;
  return `There is not enough memory for ${name}: it${needs}${context}${has}. ${reason}`;
}
