import type { ModelReference } from '#contracts';
import { FormatError } from '../formats/format-error.js';
import { isRecord, parseJson } from '../formats/json.js';
import { parseManifest } from '../formats/manifest.js';
import type { ModelStore } from '../store/model-store.js';
import type { StoredModel } from '../store/stored-model.js';
import { describeBuffer } from './assemble-artifact.js';
import { checkContextSize } from './check-context-size.js';

export interface RepackageModel {
  readonly store: ModelStore;
  /** The model to start from. */
  readonly id: string;
  /** Name of the new model. */
  readonly target: ModelReference;
  /** Tokens it is to be run with. */
  readonly contextSize: number;
}

/**
 * Stores a model once more with another context size, under another name. Both share every layer; only the config
 * document and the manifest are new. All else that they say is kept. The same change gives the same id.
 * @throws StoreError `not-found`; FormatError when the context size is no size.
 */
export async function repackageModel(options: RepackageModel): Promise<StoredModel> {
  const { store, id, target, contextSize } = options;
  checkContextSize(contextSize);
  return store.holding(undefined, async () => {
    const source = await store.artifact(id);
    const { config } = parseManifest(source.manifest);
    const document = parseJson(await store.readBlob(config.digest), 'its config document');
    const described = document['config'] ?? {};
    if (!isRecord(described))
      throw new FormatError('its config document has a "config" that is not an object');
    const blob = describeBuffer(
      Buffer.from(JSON.stringify({ ...document, config: { ...described, context_size: contextSize } })),
      config.mediaType,
    );
    const manifest = parseJson(source.manifest, 'the manifest');
    const changed = { digest: blob.descriptor.digest, size: blob.descriptor.size };
    const descriptor = isRecord(manifest['config']) ? manifest['config'] : {};
    await store.deliver({ blob: blob.descriptor, open: () => Promise.resolve(once(blob.content)) });
    return store.put({
      manifest: Buffer.from(JSON.stringify({ ...manifest, config: { ...descriptor, ...changed } })),
      reference: target,
    });
  });
}

async function* once(content: Buffer | string): AsyncGenerator<Buffer> {
  yield Buffer.from(content);
}
