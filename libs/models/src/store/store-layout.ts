import { join } from 'node:path';
import type { ModelReference } from '#contracts';

/** Version of the folder layout. A store of another major version is refused. */
export const LAYOUT_VERSION = '1.1.0';

/** Where things lie in a store. Pure: it names paths and touches nothing. */
export class StoreLayout {
  readonly layoutFile: string;
  readonly blobs: string;
  readonly partial: string;
  readonly manifests: string;
  readonly origins: string;
  readonly refs: string;
  readonly bundles: string;
  readonly trash: string;
  readonly locks: string;

  constructor(readonly directory: string) {
    this.layoutFile = join(directory, 'layout.json');
    this.blobs = join(directory, 'blobs', 'sha256');
    this.partial = join(directory, 'partial');
    this.manifests = join(directory, 'manifests', 'sha256');
    this.origins = join(directory, 'origins', 'sha256');
    this.refs = join(directory, 'refs');
    this.bundles = join(directory, 'bundles', 'sha256');
    this.trash = join(directory, 'trash', 'sha256');
    this.locks = join(directory, 'locks');
  }

  /** Every folder the store needs, each below the one named before it. */
  get folders(): string[] {
    return [
      this.blobs,
      this.partial,
      this.manifests,
      this.origins,
      this.refs,
      this.bundles,
      this.trash,
      this.locks,
    ];
  }

  blob(digest: string): string {
    return join(this.blobs, hex(digest));
  }

  partialBlob(digest: string): string {
    return join(this.partial, hex(digest));
  }

  manifest(id: string): string {
    return join(this.manifests, hex(id));
  }

  origin(id: string): string {
    return join(this.origins, hex(id));
  }

  bundle(id: string): string {
    return join(this.bundles, hex(id));
  }

  /** A manifest on its way out: its blobs are removed once nobody pulls. */
  trashed(id: string): string {
    return join(this.trash, hex(id));
  }

  lock(name: string): string {
    return join(this.locks, `${name}.lock`);
  }

  /**
   * The file of one tag or digest. `@` leads its name because no part of a repository begins with one: a tag of
   * `a/b` can then never be in the way of the repository `a/b/c`.
   */
  ref({ registry, repository, tag, digest, revision }: ModelReference): string {
    const pinned = revision === undefined ? '' : `@${revision}`;
    return join(this.refs, registry, ...repository.split('/'), `@${digest ?? `${tag ?? ''}${pinned}`}`);
  }
}

/** The digits of a digest that was checked before. */
export function hex(digest: string): string {
  return digest.slice(digest.indexOf(':') + 1);
}
