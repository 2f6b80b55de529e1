import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import type { ModelReference } from '#contracts';
import type { Artifact, ModelStore, StoredModel } from '#models';

/** Brings an artifact that lies on this machine into a store, under a name or none. @throws StoreError */
export async function storeArtifact(
  store: ModelStore,
  artifact: Artifact,
  reference?: ModelReference,
): Promise<StoredModel> {
  const room = await store.reserve(artifact.blobs.map(({ descriptor }) => descriptor));
  try {
    return await store.holding(undefined, async () => {
      for (const { descriptor, content } of artifact.blobs) {
        const open = async (offset: number): Promise<AsyncIterable<Buffer>> =>
          typeof content === 'string'
            ? createReadStream(content, { start: offset })
            : Readable.from([content.subarray(offset)]);
        await store.deliver({ blob: descriptor, open });
      }
      return store.put({ manifest: artifact.manifest, ...(reference && { reference }) });
    });
  } finally {
    await room.release();
  }
}
