import { CatalogueModel, LongshoreError, type Names, parseContract } from '#contracts';
import type { RedisClient } from '#redis';
import { ControlSender } from './control-channel.js';
import { findModel } from './find-model.js';
import { type DeletedEntry, planRemoval } from './plan-removal.js';
import { reachingRedis } from './reaching-redis.js';

/** The models the cluster knows, kept in Redis. */
export abstract class Catalogue {
  /** All models, newest knowledge. @throws LongshoreError `redis_unavailable` */
  abstract list(): Promise<readonly CatalogueModel[]>;

  /**
   * The model a client's text names. Answers from memory when it can, so a request costs no round trip; asks Redis
   * before it says there is none.
   * @throws LongshoreError `redis_unavailable` when only Redis could tell
   */
  abstract find(text: string): Promise<CatalogueModel | undefined>;

  /** Adds a model with its tags. A tag moves here from any other model. @throws LongshoreError `redis_unavailable` */
  abstract put(model: CatalogueModel): Promise<void>;

  /**
   * Removes a tag, or a model with all its tags, by the rules of `planRemoval`, and tells all workers to do the same
   * in their stores. Workers that are away learn it from `removed` when they come back.
   * @throws LongshoreError `model_not_found`, `model_conflict`, `redis_unavailable`
   */
  abstract remove(text: string, options: { readonly force: boolean }): Promise<readonly DeletedEntry[]>;

  /**
   * Gives the model that `text` names one more tag, which it takes from any other model with what it brought along, and
   * tells all workers.
   * @param reference a full reference
   * @returns the model as it was found
   * @throws LongshoreError `model_not_found`, `redis_unavailable`
   */
  abstract tag(text: string, reference: string): Promise<CatalogueModel>;

  /** Removes every model and tells all workers to do the same. @throws LongshoreError `redis_unavailable` */
  abstract purge(): Promise<void>;

  /** Full references that were removed and not put again since. @throws LongshoreError `redis_unavailable` */
  abstract removed(): Promise<ReadonlySet<string>>;
}

export interface RedisCatalogueOptions {
  /** For commands. */
  readonly redis: RedisClient;
  /** For the news that the catalogue has changed. */
  readonly subscriber: RedisClient;
  readonly names: Names;
  readonly defaultRegistry?: string;
  /** An entry that cannot be read is left out; told once for as long as it is there, for the log. */
  readonly onBadMessage?: (error: Error) => void;
}

/** Texts remembered at most; clients choose them. */
const FOUND_LIMIT = 1_000;

/** Follows changes once it is started. The connections stay their owner's. */
export class RedisCatalogue extends Catalogue {
  private known: readonly CatalogueModel[] = [];
  /** What texts were found to mean, for as long as `known` stands. */
  private readonly found = new Map<string, CatalogueModel>();
  private readonly control: ControlSender;
  /** Entries that could not be read when they were last looked at. */
  private unreadable: ReadonlySet<string> = new Set();

  constructor(private readonly options: RedisCatalogueOptions) {
    super();
    this.control = new ControlSender(options.redis, options.names);
  }

  /** Resolves when the catalogue has been read and is being followed. */
  async start(): Promise<void> {
    const { subscriber, names } = this.options;
    const refresh = (): void => void this.list().catch(() => undefined);
    subscriber.on('message', (channel: string) => {
      if (channel === names.catalogueChannel()) refresh();
    });
    subscriber.on('ready', refresh);
    await subscriber.subscribe(names.catalogueChannel());
    await this.list();
  }

  override async list(): Promise<readonly CatalogueModel[]> {
    const { redis, names } = this.options;
    const [models, tags] = await reachingRedis(() =>
      Promise.all([redis.hvals(names.catalogueModelsKey()), redis.hgetall(names.catalogueTagsKey())]),
    );
    this.know(assemble(this.readable(models), tags));
    return this.known;
  }

  /** One damaged entry must not hide the others. */
  private readable(entries: readonly string[]): CatalogueModel[] {
    const unreadable = new Set<string>();
    const models = entries.flatMap((json) => {
      try {
        return [parseContract(CatalogueModel, json)];
      } catch (error) {
        unreadable.add(json);
        if (!this.unreadable.has(json)) this.options.onBadMessage?.(error as Error);
        return [];
      }
    });
    this.unreadable = unreadable;
    return models;
  }

  override async find(text: string): Promise<CatalogueModel | undefined> {
    const remembered = this.found.get(text);
    if (remembered !== undefined) return remembered;
    const { defaultRegistry } = this.options;
    const model =
      findModel(this.known, text, defaultRegistry) ?? findModel(await this.list(), text, defaultRegistry);
    if (model !== undefined && this.found.size < FOUND_LIMIT) this.found.set(text, model);
    return model;
  }

  override async put(model: CatalogueModel): Promise<void> {
    const { redis, names } = this.options;
    const change = redis
      .multi()
      .hset(names.catalogueModelsKey(), model.id, JSON.stringify({ ...model, tags: [] }));
    for (const tag of model.tags) {
      change.hset(names.catalogueTagsKey(), tag, model.id).hdel(names.catalogueTombstonesKey(), tag);
    }
    change.hdel(names.catalogueTombstonesKey(), model.id);
    await reachingRedis(() => change.publish(names.catalogueChannel(), model.id).exec());
  }

  override async remove(
    text: string,
    { force }: { readonly force: boolean },
  ): Promise<readonly DeletedEntry[]> {
    const { redis, names, defaultRegistry } = this.options;
    const model = findModel(await this.list(), text, defaultRegistry);
    if (model === undefined) throw new LongshoreError('model_not_found', `No such model: ${text}`);
    const { untag, deleteModel, entries } = planRemoval(model, text, force, defaultRegistry);
    const gone = deleteModel ? [...untag, model.id] : untag;
    const change = redis.multi();
    for (const name of gone) change.hset(names.catalogueTombstonesKey(), name, Date.now());
    if (untag.length > 0)
      change.hdel(names.catalogueTagsKey(), ...untag).hdel(names.catalogueDefaultsKey(), ...untag);
    if (deleteModel) change.hdel(names.catalogueModelsKey(), model.id);
    await reachingRedis(() => change.publish(names.catalogueChannel(), model.id).exec());
    for (const reference of deleteModel ? [model.id] : untag) {
      await this.control.send(undefined, { kind: 'delete-model', reference });
    }
    await this.list();
    return entries;
  }

  override async tag(text: string, reference: string): Promise<CatalogueModel> {
    const { redis, names, defaultRegistry } = this.options;
    const model = findModel(await this.list(), text, defaultRegistry);
    if (model === undefined) throw new LongshoreError('model_not_found', `No such model: ${text}`);
    const change = redis
      .multi()
      .hset(names.catalogueTagsKey(), reference, model.id)
      .hdel(names.catalogueTombstonesKey(), reference)
      .hdel(names.catalogueDefaultsKey(), reference)
      .publish(names.catalogueChannel(), model.id);
    await reachingRedis(() => change.exec());
    await this.control.send(undefined, { kind: 'tag-model', reference, modelId: model.id });
    await this.list();
    return model;
  }

  override async purge(): Promise<void> {
    const { redis, names } = this.options;
    const [ids, tags] = await reachingRedis(() =>
      Promise.all([redis.hkeys(names.catalogueModelsKey()), redis.hkeys(names.catalogueTagsKey())]),
    );
    const change = redis.multi();
    for (const name of [...ids, ...tags]) change.hset(names.catalogueTombstonesKey(), name, Date.now());
    if (ids.length > 0) change.hdel(names.catalogueModelsKey(), ...ids);
    if (tags.length > 0) change.hdel(names.catalogueTagsKey(), ...tags);
    change.del(names.catalogueDefaultsKey());
    await reachingRedis(() => change.publish(names.catalogueChannel(), '').exec());
    await this.control.send(undefined, { kind: 'purge-models' });
    await this.list();
  }

  override async removed(): Promise<ReadonlySet<string>> {
    const { redis, names } = this.options;
    return new Set(await reachingRedis(() => redis.hkeys(names.catalogueTombstonesKey())));
  }

  private know(models: readonly CatalogueModel[]): void {
    this.known = models;
    this.found.clear();
  }
}

function assemble(
  models: readonly CatalogueModel[],
  tags: Readonly<Record<string, string>>,
): CatalogueModel[] {
  const tagsOf = new Map<string, string[]>();
  for (const [tag, id] of Object.entries(tags)) tagsOf.set(id, [...(tagsOf.get(id) ?? []), tag]);
  return models.map((model) => ({ ...model, tags: (tagsOf.get(model.id) ?? []).sort() }));
}
