import {
  configurationField,
  LongshoreError,
  MODES,
  type Names,
  parseContract,
  SessionConfiguration,
} from '#contracts';
import { describeRedisError, type RedisClient } from '#redis';

/** What a configuration is kept under: one for each model and mode. */
export type ConfiguredSession = Pick<SessionConfiguration, 'modelId' | 'mode'>;

/** How models are to be run, kept until somebody takes it away. Telling the workers of a change is the caller's part. */
export abstract class Configurations {
  /** Undefined when nobody has configured it, or what is kept cannot be read. @throws LongshoreError `redis_unavailable` */
  abstract get(session: ConfiguredSession): Promise<SessionConfiguration | undefined>;

  /** Takes the place of any other of the same model and mode. @throws LongshoreError `redis_unavailable` */
  abstract put(configuration: SessionConfiguration): Promise<void>;

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

export class RedisConfigurations extends Configurations {
  private readonly key: string;

  constructor(private readonly options: RedisConfigurationsOptions) {
    super();
    this.key = options.names.configurationsKey();
  }

  override async get(session: ConfiguredSession): Promise<SessionConfiguration | undefined> {
    const field = configurationField(session);
    const json = await this.guard(() => this.options.redis.hget(this.key, field));
    return json === null ? undefined : this.read(field, json);
  }

  override async put(configuration: SessionConfiguration): Promise<void> {
    const field = configurationField(configuration);
    await this.guard(() => this.options.redis.hset(this.key, field, JSON.stringify(configuration)));
  }

  override async remove(session: ConfiguredSession): Promise<boolean> {
    return (await this.guard(() => this.options.redis.hdel(this.key, configurationField(session)))) > 0;
  }

  override removeModel(modelId: string): Promise<number> {
    const fields = MODES.map((mode) => configurationField({ modelId, mode }));
    return this.guard(() => this.options.redis.hdel(this.key, ...fields));
  }

  override async clear(): Promise<void> {
    await this.guard(() => this.options.redis.del(this.key));
  }

  override async all(): Promise<readonly SessionConfiguration[]> {
    const entries = Object.entries(await this.guard(() => this.options.redis.hgetall(this.key)));
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

  private async guard<T>(command: () => Promise<T>): Promise<T> {
    try {
      return await command();
    } catch (error) {
      throw new LongshoreError('redis_unavailable', `Redis cannot be used: ${describeRedisError(error)}.`);
    }
  }
}
