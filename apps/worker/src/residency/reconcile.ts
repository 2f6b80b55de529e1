import type { CatalogueModel } from '#contracts';

export interface ClusterKnowledge {
  /** Full references and ids that were removed and not put again since. */
  readonly removed: ReadonlySet<string>;
  readonly known: readonly CatalogueModel[];
}

/** What a store has to do about one of its models. */
export interface Reconciliation {
  /** Names that were removed, or the id of a model that was: the last name takes the model along. */
  readonly forget: readonly string[];
  /** Names that mean another model by now. */
  readonly untag: readonly string[];
  /** Names it was given elsewhere. */
  readonly tag: readonly string[];
}

/** Compares a stored model with the catalogue, whose word counts. Names that the catalogue never heard of stay. */
export function reconcile(
  { id, tags }: Pick<CatalogueModel, 'id' | 'tags'>,
  { removed, known }: ClusterKnowledge,
): Reconciliation {
  if (removed.has(id)) return { forget: [id], untag: [], tag: [] };
  const takenOver = new Set(known.filter((model) => model.id !== id).flatMap((model) => model.tags));
  const given = known.find((model) => model.id === id)?.tags ?? [];
  return {
    forget: tags.filter((name) => removed.has(name)),
    untag: tags.filter((name) => !removed.has(name) && takenOver.has(name)),
    tag: given.filter((name) => !tags.includes(name)),
  };
}
