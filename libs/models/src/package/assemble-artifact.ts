import type { ModelConfig } from '#contracts';
import { digestOf, type Descriptor } from '../formats/manifest.js';
import { MANIFEST_TYPE, type DOCKER_CONFIG_V01, type DOCKER_CONFIG_V02 } from '../formats/media-types.js';
import type { Artifact, ArtifactBlob } from './artifact.js';

export interface AssembleArtifact {
  /** v0.1 names files by the types of their layers; v0.2 by a path annotation on each. */
  readonly configType: typeof DOCKER_CONFIG_V01 | typeof DOCKER_CONFIG_V02;
  readonly config: ModelConfig;
  /** In the order of the manifest; the same bytes may stand under several paths. */
  readonly layers: readonly ArtifactBlob[];
  /** Part of the identity: the same layers, config and date give the same model id. */
  readonly created: Date;
}

/** Writes the config document and the manifest of a Docker model artifact. The same input gives the same bytes. */
export function assembleArtifact({ configType, config, layers, created }: AssembleArtifact): Artifact {
  const document = Buffer.from(
    JSON.stringify({
      config,
      descriptor: { created: created.toISOString() },
      rootfs: { type: 'rootfs', diff_ids: layers.map(({ descriptor }) => descriptor.digest) },
    }),
  );
  const configBlob = describeBuffer(document, configType);
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MANIFEST_TYPE,
      config: plain(configBlob.descriptor),
      layers: layers.map(({ descriptor }) => plain(descriptor)),
    }),
  );
  const blobs = new Map([configBlob, ...layers].map((blob) => [blob.descriptor.digest, blob]));
  return { id: digestOf(manifest), manifest, blobs: [...blobs.values()] };
}

/** A blob that is held in memory: a config document. */
export function describeBuffer(content: Buffer, mediaType: string): ArtifactBlob {
  return {
    descriptor: { mediaType, digest: digestOf(content), size: content.length, annotations: {} },
    content,
  };
}

/** Members in a fixed order; annotations only where there are any. */
function plain({ mediaType, digest, size, annotations }: Descriptor): object {
  return { mediaType, digest, size, ...(Object.keys(annotations).length > 0 && { annotations }) };
}
