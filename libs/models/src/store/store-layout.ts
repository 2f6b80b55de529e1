import { join } from 'node:path';
import type { ModelReference } from '#contracts';

/** Version of the folder layout. A store of another major version is refused. */
export const LAYOUT_VERSION = '1.1.0';

/** Where a blob grows. Both files belong to who holds the lock of the blob. */
export interface PartialPlace {
  /** Bytes, maybe with holes. */
  readonly data: string;
  /** What the writer of the bytes wants to remember of them; may be missing. */
  readonly record: string;
}

/** Where things lie in a store. Pure: it names paths and touches nothing. */
export class StoreLayout {
  readonly layoutFile: string;
  /** What tells this store from all others. */
  readonly idFile: string;
  readonly blobs: string;
  readonly partial: string;
  readonly manifests: string;
  readonly origins: string;
  readonly refs: string;
  readonly bundles: string;
  readonly trash: string;
  readonly reservations: string;
  readonly staging: string;
  readonly locks: string;

  /** @param caseSensitive whether `a` and `A` are two files there. */
  constructor(
    readonly directory: string,
    private readonly caseSensitive = true,
  ) {
    this.layoutFile = join(directory, 'layout.json');
    this.idFile = join(directory, 'store-id');
    this.blobs = join(directory, 'blobs', 'sha256');
    this.partial = join(directory, 'partial');
    this.manifests = join(directory, 'manifests', 'sha256');
    this.origins = join(directory, 'origins', 'sha256');
    this.refs = join(directory, 'refs');
    this.bundles = join(directory, 'bundles', 'sha256');
    this.trash = join(directory, 'trash', 'sha256');
    this.reservations = join(directory, 'reservations');
    this.staging = join(directory, 'staging');
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
      this.reservations,
      this.staging,
      this.locks,
    ];
  }

  blob(digest: string): string {
    return join(this.blobs, hex(digest));
  }

  partialPlace(digest: string): PartialPlace {
    const data = join(this.partial, hex(digest));
    return { data, record: `${data}.json` };
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

  /** What a running pull is going to write. */
  reservation(name: string): string {
    return join(this.reservations, `${name}.json`);
  }

  /** A folder for files that are going to be a model. */
  staged(name: string): string {
    return join(this.staging, name);
  }

  /**
   * The file of one tag or digest. `@` leads its name because no part of a repository begins with one: a tag of
   * `a/b` can then never be in the way of the repository `a/b/c`. Tags tell capitals from small letters, also where
   * file names do not.
   */
  ref({ registry, repository, tag, digest, revision }: ModelReference): string {
    const pinned = revision === undefined ? '' : `@${revision}`;
    const leaf = digest ?? `${tag ?? ''}${pinned}`;
    const name = this.caseSensitive ? leaf : leaf.replace(/[A-Z]/g, (letter) => `=${letter.toLowerCase()}`);
    return join(this.refs, registry, ...repository.split('/'), `@${name}`);
  }
}

/** The tag or digest that a file name of {@link StoreLayout.ref} stands for. */
export function readRefName(file: string): string {
  return file.slice(1).replace(/=([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** The digits of a digest that was checked before. */
export function hex(digest: string): string {
  return digest.slice(digest.indexOf(':') + 1);
}

/** Names of the locks of a store. */
export const LOCKS = {
  names: 'names',
  sweep: 'sweep',
  room: 'room',
  blob: (digest: string) => `sha256-${hex(digest)}`,
  bundle: (id: string) => `bundle-${hex(id)}`,
  lease: (id: string) => `lease-${hex(id)}`,
  staging: (name: string) => `staging-${name}`,
  reservation: (name: string) => `reservation-${name}`,
} as const;

/** Those that are never removed: whoever deletes on a full disk needs them. */
export const LASTING_LOCKS: readonly string[] = [LOCKS.names, LOCKS.sweep, LOCKS.room];
