import type { RedisClient } from '#redis';

/**
 * Every key of a script is built from the queue's base key, `<namespace>:{<queue>}:`. That one key routes a script in a
 * cluster, and the others share its hash tag; naming each would be half of the bytes of a job.
 */
const KEYS = 1;

export interface Script {
  /** What the command is called on a connection. */
  readonly name: string;
  /** `KEYS[1]` is the queue's base key. */
  readonly lua: string;
}

export type ScriptValue = string | number;

/** What running a script takes of a connection, be it ours or one that BullMQ wraps. */
export type ScriptClient = Pick<RedisClient, 'defineCommand'>;

/** Runs a script by its hash; the client sends its text where Redis does not know it (any more). */
export async function runScript(
  client: ScriptClient,
  base: string,
  { name, lua }: Script,
  values: readonly ScriptValue[],
): Promise<unknown> {
  if (!(name in client)) client.defineCommand(name, { numberOfKeys: KEYS, lua });
  const commands = client as unknown as Record<string, (...values: ScriptValue[]) => Promise<unknown>>;
  return commands[name]?.(base, ...values);
}
