import { configurationField, MODES, type Names, parseContract, SessionConfiguration } from '#contracts';
import type { RedisClient } from '#redis';
import { reachingRedis } from './reaching-redis.js';

/** What a configuration is kept under: one for each model and mode. */
export type ConfiguredSession = Pick<SessionConfiguration, 'modelId' | 'mode'>;

/** How models are to be run, kept until somebody takes it away. Telling the workers of a change is the caller's part. */
export abstract class Configurations {
  /** Undefined when nobody has configured it, or what is kept cannot be read. @throws LongshoreError `redis_unavailable` */
  abstract get(session: ConfiguredSession): Promise<SessionConfiguration | undefined>;

  /** Takes the place of any other of the same model and mode. @throws LongshoreError `redis_unavailable` */
  abstract put(configuration: SessionConfiguration): Promise<void>;

  /**
   * Changes one with nobody else's change in between. `change` is given what stands, and is asked again when that is not
   * so any more; it returns what is to stand instead, of the same model and mode, or undefined to leave it.
   * @returns what was written; undefined when nothing was. @throws LongshoreError `redis_unavailable`
   */
  abstract update(
    session: ConfiguredSession,
    change: (standing: SessionConfiguration | undefined) => SessionConfiguration | undefined,
  ): Promise<SessionConfiguration | undefined>;

  /** @returns whether there was one. @throws LongshoreError `redis_unavailable` */
  abstract remove(session: ConfiguredSession): Promise<boolean>;

  /** In all modes. @returns how many there were. @throws LongshoreError `redis_unavailable` */
  abstract removeModel(modelId: string): Promise<number>;

  /** Removes those of all models. @throws LongshoreError `redis_unavailable` */
  abstract clear(): Promise<void>;

  /**
   * All that can be read, by model and mode. Models that were deleted may be among them.
   * @throws LongshoreError `redis_unavailable`
   */
  abstract all(): Promise<readonly SessionConfiguration[]>;
}

export interface RedisConfigurationsOptions {
  readonly redis: RedisClient;
  readonly names: Names;
  /** An entry that cannot be read; for the log. */
  readonly onBadMessage?: (error: Error) => void;
}

/** Writes ARGV[3] to a field that still has ARGV[2]; '' is no field. */
const REPLACE = `
if (redis.call('HGET', KEYS[1], ARGV[1]) or '') ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
return 1
`;

/** All configurations in one hash, a field each. */
export class RedisConfigurations extends Configurations {
  private readonly key: string;

  constructor(private readonly options: RedisConfigurationsOptions) {
    super();
    this.key = options.names.configurationsKey();
  }

  override async get(session: ConfiguredSession): Promise<SessionConfiguration | undefined> {
    const field = configurationField(session);
    const json = await reachingRedis(() => this.options.redis.hget(this.key, field));
    return json === null ? undefined : this.read(field, json);
  }

  override async put(configuration: SessionConfiguration): Promise<void> {
    const field = configurationField(configuration);
    await reachingRedis(() => this.options.redis.hset(this.key, field, JSON.stringify(configuration)));
  }

  override async update(
    session: ConfiguredSession,
    change: (standing: SessionConfiguration | undefined) => SessionConfiguration | undefined,
  ): Promise<SessionConfiguration | undefined> {
    const field = configurationField(session);
    const { redis } = this.options;
    // Ends, because each time around somebody else has changed it.
    for (;;) {
      const standing = await reachingRedis(() => redis.hget(this.key, field));
      const next = change(standing === null ? undefined : this.read(field, standing));
      if (next === undefined) return undefined;
      const values = [field, standing ?? '', JSON.stringify(next)];
      if ((await reachingRedis(() => redis.eval(REPLACE, 1, this.key, ...values))) === 1) return next;
    }
  }

  override async remove(session: ConfiguredSession): Promise<boolean> {
    return (await reachingRedis(() => this.options.redis.hdel(this.key, configurationField(session)))) > 0;
  }

  override removeModel(modelId: string): Promise<number> {
    const fields = MODES.map((mode) => configurationField({ modelId, mode }));
    return reachingRedis(() => this.options.redis.hdel(this.key, ...fields));
  }

  override async clear(): Promise<void> {
    await reachingRedis(() => this.options.redis.del(this.key));
  }

  override async all(): Promise<readonly SessionConfiguration[]> {
    const entries = Object.entries(await reachingRedis(() => this.options.redis.hgetall(this.key)));
    return entries
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .flatMap(([field, json]) => this.read(field, json) ?? []);
  }

  /** One damaged entry must not hide the others, and one that lies under another name is damaged. */
  private read(field: string, json: string): SessionConfiguration | undefined {
    try {
      const configuration = parseContract(SessionConfiguration, json);
      if (configurationField(configuration) === field) return configuration;
      throw new Error('it is another model or mode');
    } catch (error) {
      const { message } = error as Error;
      this.options.onBadMessage?.(new Error(`configuration ${field}: ${message}`, { cause: error }));
      return undefined;
    }
  }
}
