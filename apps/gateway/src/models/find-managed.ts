import type { Catalogue } from '#cluster';
import type { CatalogueModel } from '#contracts';
import { endingIn, tagsEndingIn } from './find-by-last-segment.js';

/**
 * The model that somebody who manages models names: by any of its names, else by the last part of one, where no other
 * model has such a name. Undefined when there is none, or when it cannot be told which is meant.
 * @throws LongshoreError `redis_unavailable`
 */
export async function findManaged(catalogue: Catalogue, name: string): Promise<CatalogueModel | undefined> {
  const exact = await catalogue.find(name);
  if (exact !== undefined) return exact;
  const [model, ...others] = endingIn(await catalogue.list(), name);
  return others.length === 0 ? model : undefined;
}

/**
 * The tag that `name` means among those of the model that it was found by: `latest` where several end in it. Undefined
 * when it cannot be told.
 */
export function tagMeant({ tags }: CatalogueModel, name: string): string | undefined {
  const fitting = tagsEndingIn(tags, name);
  return fitting.length === 1 ? fitting[0] : tagsEndingIn(fitting, `${name}:latest`)[0];
}
