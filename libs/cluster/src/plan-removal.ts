import { type CatalogueModel, LongshoreError, parseModelId, parseModelReference } from '#contracts';

/** One line of the answer to a delete, as clients read it. */
export type DeletedEntry = { readonly Untagged: string } | { readonly Deleted: string };

export interface Removal {
  /** References that go. */
  readonly untag: readonly string[];
  /** Whether the model itself goes. */
  readonly deleteModel: boolean;
  readonly entries: readonly DeletedEntry[];
}

/**
 * What deleting `model` by the name `text` means. By tag: that tag goes, and the model with its last tag. By id or
 * digest: everything goes, which must be forced when there are several tags.
 * @throws LongshoreError `model_conflict`
 */
export function planRemoval(
  model: CatalogueModel,
  text: string,
  force: boolean,
  defaultRegistry?: string,
): Removal {
  const tag = parseModelId(text) === undefined ? parseModelReference(text, defaultRegistry).name : undefined;
  if (tag !== undefined && model.tags.includes(tag)) {
    return removal(model, [tag], model.tags.length === 1);
  }
  if (model.tags.length > 1 && !force) {
    const references = model.tags.join(', ');
    throw new LongshoreError(
      'model_conflict',
      `unable to delete "${text}" (must be forced) due to multiple tag references: ${references}`,
    );
  }
  return removal(model, model.tags, true);
}

function removal(model: CatalogueModel, untag: readonly string[], deleteModel: boolean): Removal {
  const untagged = untag.map((Untagged) => ({ Untagged }));
  return { untag, deleteModel, entries: deleteModel ? [...untagged, { Deleted: model.id }] : untagged };
}
