/** What lies in a store; everything by the hex digits of its digest. */
export interface StoreContents {
  /** The blobs each model needs. */
  readonly models: ReadonlyMap<string, readonly string[]>;
  /** Removed models whose bytes are still here. */
  readonly trash: ReadonlyMap<string, TrashedModel>;
  /** Age of each blob since it came; ms. */
  readonly blobs: ReadonlyMap<string, number>;
  /** Models that have a folder for engines. */
  readonly bundles: readonly string[];
  /** Models of which it is known where they came from. */
  readonly origins: readonly string[];
}

export interface TrashedModel {
  readonly blobs: readonly string[];
  /** An engine still has it. */
  readonly leased: boolean;
}

export interface CollectionRules {
  /** A blob that no model needs is kept for so long, for the pull that brought it may be tried again; ms. */
  readonly leftoverAge: number;
  /** Blobs that stay in any case. */
  readonly keep: ReadonlySet<string>;
}

/** What has to go. The trash goes last, so that an interrupted removal is found again. */
export interface Collection {
  readonly blobs: readonly string[];
  readonly bundles: readonly string[];
  readonly origins: readonly string[];
  readonly trash: readonly string[];
}

/** Decides what nobody needs. Nothing that a model or an engine has is ever in the result. */
export function planCollection(contents: StoreContents, { leftoverAge, keep }: CollectionRules): Collection {
  const { models, trash, blobs, bundles, origins } = contents;
  const leased = [...trash].filter(([, model]) => model.leased);
  const stays = new Set(leased.map(([name]) => name));
  const needed = new Set([
    ...[...models.values()].flat(),
    ...leased.flatMap(([, model]) => model.blobs),
    ...keep,
  ]);
  const going = [...trash].filter(([, model]) => !model.leased);
  const trashed = new Set(going.flatMap(([, model]) => model.blobs));
  const unknown = (name: string): boolean => !models.has(name) && !stays.has(name);
  return {
    blobs: [...blobs]
      .filter(([digest, age]) => !needed.has(digest) && (trashed.has(digest) || age >= leftoverAge))
      .map(([digest]) => digest),
    bundles: bundles.filter(unknown),
    origins: origins.filter(unknown),
    trash: going.map(([name]) => name),
  };
}
