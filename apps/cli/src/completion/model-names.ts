import type { Model } from '../client/wire.js';
import { shortModelName } from '../output/model-name.js';

/** What models may be called whose names begin with `typed`: short, and in full once somebody writes them so. */
export function completeModels(models: readonly Model[], typed: string, defaultRegistry?: string): string[] {
  const tags = models.flatMap(({ tags: each = [] }) => each);
  const short = tags.map((tag) => shortModelName(tag, defaultRegistry));
  const fitting = [...new Set(short)].filter((name) => name.startsWith(typed));
  return fitting.length > 0 ? fitting : [...new Set(tags)].filter((name) => name.startsWith(typed));
}
