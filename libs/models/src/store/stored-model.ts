import type { CatalogueModel, ModelConfig } from '#contracts';
import type { Manifest } from '../formats/manifest.js';

/** One model of a store. */
export interface StoredModel {
  /** `sha256:` of the manifest bytes. */
  readonly id: string;
  /** Full references, oldest first; empty for an untagged model. */
  readonly tags: readonly string[];
  /** Seconds since the epoch. */
  readonly created: number;
  readonly config: ModelConfig;
  /** Bytes of all blobs. */
  readonly size: number;
  /** `registry/repository@sha256:…`; empty for a model that came from no registry. */
  readonly origin: string;
  readonly manifest: Manifest;
}

/** What the cluster is told of a stored model. */
export function toCatalogueModel({ id, tags, created, config, size, origin }: StoredModel): CatalogueModel {
  return { id, tags, created, config, size, origin };
}
