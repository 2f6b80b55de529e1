import { createHash, randomBytes } from 'node:crypto';
import { open } from 'node:fs/promises';
import { type Artifact, type Descriptor, digestOf } from '#models';

const PIECE = 8 * 1024 * 1024;
const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';

/** A model of one layer that lies in a file. */
export interface RandomArtifact {
  readonly file: string;
  /** Of the layer. */
  readonly digest: string;
  readonly size: number;
  readonly artifact: Artifact;
}

/** Writes random bytes, which nothing can compress or has seen before, and describes them as a model. */
export async function writeRandomArtifact(file: string, size: number): Promise<RandomArtifact> {
  const hash = createHash('sha256');
  const handle = await open(file, 'wx');
  try {
    for (let written = 0; written < size; written += PIECE) {
      const piece = randomBytes(Math.min(PIECE, size - written));
      hash.update(piece);
      await handle.writeFile(piece);
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
  const digest = `sha256:${hash.digest('hex')}`;
  return { file, digest, size, artifact: describe(file, digest, size) };
}

function describe(file: string, digest: string, size: number): Artifact {
  const document = Buffer.from(
    JSON.stringify({
      config: { format: 'gguf' },
      descriptor: { created: '2026-01-01T00:00:00Z' },
      rootfs: { type: 'rootfs', diff_ids: [digest] },
    }),
  );
  const config: Descriptor = {
    mediaType: 'application/vnd.docker.ai.model.config.v0.1+json',
    digest: digestOf(document),
    size: document.length,
    annotations: {},
  };
  const layer: Descriptor = { mediaType: 'application/vnd.docker.ai.gguf.v3', digest, size, annotations: {} };
  const manifest = Buffer.from(
    JSON.stringify({ schemaVersion: 2, mediaType: MANIFEST, config, layers: [layer] }),
  );
  const blobs = [
    { descriptor: config, content: document },
    { descriptor: layer, content: file },
  ];
  return { id: digestOf(manifest), manifest, blobs };
}
