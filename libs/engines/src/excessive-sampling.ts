import { isObject } from './request-body.js';

/** Tokens that a sampler may be told to look back over; it sets memory aside for all of them, whatever the context is. */
export const LOOK_BACK_LIMIT = 262_144;
const LOOK_BACKS = ['repeat_last_n', 'dry_penalty_last_n'];

/** Entries of lists of which each costs memory, or a walk through the whole vocabulary, before the first token. */
export const LIST_LIMIT = 64;
const LISTS = ['samplers', 'dry_sequence_breakers'];

/**
 * Why llama.cpp must not be asked to sample in the way of a request; undefined when it may be. It takes as much memory as
 * it is told, gigabytes for a number of ten digits, and serves nobody else while it does.
 */
export function excessiveSampling(request: unknown): string | undefined {
  if (!isObject(request)) return undefined;
  for (const name of LOOK_BACKS) {
    const tokens = request[name];
    if (typeof tokens === 'number' && tokens > LOOK_BACK_LIMIT)
      return `'${name}' must not be larger than ${LOOK_BACK_LIMIT}; -1 stands for the whole context.`;
  }
  for (const name of LISTS) {
    const list = request[name];
    if ((Array.isArray(list) || typeof list === 'string') && list.length > LIST_LIMIT)
      return `'${name}' must not have more than ${LIST_LIMIT} entries.`;
  }
  return undefined;
}
