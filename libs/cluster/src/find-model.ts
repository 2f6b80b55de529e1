import { type CatalogueModel, InvalidReference, parseModelId, parseModelReference } from '#contracts';

/**
 * The model that a client's text names, by the Model Runner's rules: an id, whole or shortened to 12 digits, else a
 * reference with defaults filled in. Undefined when there is none, also for text that is no reference at all.
 */
export function findModel(
  models: Iterable<CatalogueModel>,
  text: string,
  defaultRegistry?: string,
): CatalogueModel | undefined {
  const matches = matcher(text, defaultRegistry);
  for (const model of models) if (matches(model)) return model;
  return undefined;
}

function matcher(text: string, defaultRegistry?: string): (model: CatalogueModel) => boolean {
  const id = parseModelId(text);
  if (id !== undefined) return (model) => model.id.startsWith(`sha256:${id}`);
  try {
    const { name, digest } = parseModelReference(text, defaultRegistry);
    return (model) => model.tags.includes(name) || model.id === digest;
  } catch (error) {
    if (error instanceof InvalidReference) return () => false;
    throw error;
  }
}
