import type { CatalogueModel, ModelConfig } from '#contracts';

/** A model as the Model Runner API shows it: `tags` is left out when there is none, `config` never is. */
export interface ListedModel {
  readonly id: string;
  readonly tags?: readonly string[];
  /** Seconds since the epoch. */
  readonly created: number;
  readonly config: ModelConfig;
}

export function encodeModel({ id, tags, created, config }: CatalogueModel): ListedModel {
  return { id, ...(tags.length > 0 ? { tags } : {}), created, config };
}
