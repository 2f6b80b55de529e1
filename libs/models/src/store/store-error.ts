import { printBytes } from '../formats/print-quantity.js';
import { hasCode } from './durable-files.js';

/**
 * `not-found`: nothing of that name. `mismatch`: bytes that came are not what was promised. `damaged`: bytes that
 * were here are not any more; pull the model again. `no-room`: the disk or the quota is too small. `unusable`: the
 * folder cannot be a store.
 */
export type StoreFailure = 'not-found' | 'mismatch' | 'damaged' | 'no-room' | 'unusable';

/** The store cannot do what it was asked for. The message is a sentence that says why. */
export class StoreError extends Error {
  override readonly name = 'StoreError';

  constructor(
    readonly reason: StoreFailure,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Bytes that are wanted and bytes that can be had. */
export interface Shortage {
  readonly need: number;
  readonly have: number;
  /** The quota that leaves so little; 0 when it is the disk. */
  readonly quota: number;
}

export function noRoom(
  directory: string,
  { need, have, quota }: Shortage,
  options?: ErrorOptions,
): StoreError {
  const limit = quota > 0 ? ` of its quota of ${printBytes(quota)}` : '';
  return new StoreError(
    'no-room',
    `There is no room in the model store ${directory}: needs ${printBytes(need)}, ${printBytes(have)}${limit} is free. Remove models or make the ${quota > 0 ? 'quota' : 'disk'} larger.`,
    options,
  );
}

export function damaged(directory: string, digest: string): StoreError {
  return new StoreError(
    'damaged',
    `A part of the model store ${directory} is missing or damaged (${digest}). Pull the model again.`,
  );
}

/** Runs `task`; a disk that is full becomes a sentence. */
export async function explainingFullDisk<T>(directory: string, task: () => Promise<T>): Promise<T> {
  try {
    return await task();
  } catch (error) {
    if (!hasCode(error, 'ENOSPC', 'EDQUOT')) throw error;
    throw new StoreError(
      'no-room',
      `There is no room in the model store ${directory}: its disk is full. Remove models or make the disk larger.`,
      { cause: error },
    );
  }
}
