import type { CatalogueModel } from '#contracts';

/**
 * The model one of whose tags ends in the wanted name, with or without its tag: `smollm2` finds
 * `docker.io/someorg/smollm2:x`. Among several, the one that is listed first.
 */
export function findByLastSegment(
  models: readonly CatalogueModel[],
  wanted: string,
): CatalogueModel | undefined {
  return endingIn(models, wanted)[0];
}

/** All such models. */
export function endingIn(models: readonly CatalogueModel[], wanted: string): readonly CatalogueModel[] {
  return models.filter(({ tags }) => tagsEndingIn(tags, wanted).length > 0);
}

/** Those of the tags that end in the wanted name. */
export function tagsEndingIn(tags: readonly string[], wanted: string): readonly string[] {
  return tags.filter((tag) => [...namesOf(tag)].includes(wanted));
}

function* namesOf(tag: string): Iterable<string> {
  const segment = tag.slice(tag.lastIndexOf('/') + 1);
  yield segment;
  const end = segment.search(/[:@]/);
  if (end > 0) yield segment.slice(0, end);
}
