import type { Names } from '#contracts';

/** Where BullMQ puts a queue. */
export interface BullQueueLocation {
  readonly name: string;
  readonly prefix: string;
}

/**
 * BullMQ builds keys of prefix and name, and sends a dozen of them with each script. The name in braces is the hash
 * tag, so it need not stand in the prefix a second time.
 */
export function bullLocation(queue: string, names: Names): BullQueueLocation {
  return { name: `{${queue}}`, prefix: names.namespace };
}
