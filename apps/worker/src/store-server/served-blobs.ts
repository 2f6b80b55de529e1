import { type ModelStore, StoreError } from '#models';

/** A blob that is in the store. */
export interface ServedBlob {
  readonly path: string;
  /** Bytes, as manifests say. */
  readonly size: number;
}

/**
 * Blobs by digest, so that nothing else on the disk can be named. Those of models in the store are known with the size
 * they should have; others, of models that are still coming, are as long as their file.
 */
export class ServedBlobs {
  private known:
    { readonly of: readonly string[]; readonly blobs: Promise<Map<string, ServedBlob>> } | undefined;

  /** @param stored ids of the models; another array whenever they have changed */
  constructor(
    private readonly store: ModelStore,
    private readonly stored: () => readonly string[],
  ) {}

  async find(digest: string): Promise<ServedBlob | undefined> {
    const of = this.stored();
    if (this.known?.of !== of) {
      const blobs = this.read(of);
      this.known = { of, blobs };
      blobs.catch(() => (this.known = undefined));
    }
    return (await this.known.blobs).get(digest) ?? this.store.findBlob(digest);
  }

  private async read(ids: readonly string[]): Promise<Map<string, ServedBlob>> {
    const found = new Map<string, ServedBlob>();
    for (const id of ids) {
      const artifact = await this.store.artifact(id).catch((error: unknown) => {
        if (error instanceof StoreError) return undefined;
        throw error;
      });
      for (const { descriptor, content } of artifact?.blobs ?? []) {
        if (typeof content === 'string')
          found.set(descriptor.digest, { path: content, size: descriptor.size });
      }
    }
    return found;
  }
}
