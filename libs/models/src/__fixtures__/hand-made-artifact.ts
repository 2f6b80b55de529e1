import { digestOf } from '../formats/manifest.js';
import { DOCKER_CONFIG_V01, GGUF_LAYER, MANIFEST_TYPE } from '../formats/media-types.js';
import type { Artifact } from '../package/artifact.js';

export interface HandMadeLayer {
  readonly mediaType?: string;
  readonly content: Buffer;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface HandMadeArtifact {
  readonly layers: readonly HandMadeLayer[];
  readonly configType?: string;
  readonly config?: object;
  /** Members that replace those of the manifest. */
  readonly manifest?: object;
}

/** An artifact of whatever the test wants in it, also what no tool would make. */
export function handMadeArtifact(made: HandMadeArtifact): Artifact {
  const config = Buffer.from(
    JSON.stringify(
      made.config ?? {
        config: { format: 'gguf', size: '256.35 MiB' },
        descriptor: { created: '2025-03-24T00:00:00Z' },
      },
    ),
  );
  const blobs = [
    describe(made.configType ?? DOCKER_CONFIG_V01, config),
    ...made.layers.map((layer) => describe(layer.mediaType ?? GGUF_LAYER, layer.content, layer.annotations)),
  ];
  const [configDescriptor, ...layers] = blobs.map(({ descriptor }) => descriptor);
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MANIFEST_TYPE,
      config: configDescriptor,
      layers,
      ...made.manifest,
    }),
  );
  return { id: digestOf(manifest), manifest, blobs };
}

function describe(
  mediaType: string,
  content: Buffer,
  annotations: Readonly<Record<string, string>> = {},
): Artifact['blobs'][number] {
  return { descriptor: { mediaType, digest: digestOf(content), size: content.length, annotations }, content };
}
