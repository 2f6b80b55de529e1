import { randomBytes } from 'node:crypto';
import { type Artifact, digestOf } from '#models';

/** A model that can be stored and sent, but not run: its weights are bytes of chance. */
export function randomArtifact(size: number): Artifact {
  const document = { config: { format: 'gguf', context_size: 512 }, descriptor: {} };
  const blobs = [
    describe('application/vnd.docker.ai.model.config.v0.1+json', Buffer.from(JSON.stringify(document))),
    describe('application/vnd.docker.ai.gguf.v3', randomBytes(size)),
  ];
  const [config, ...layers] = blobs.map(({ descriptor }) => descriptor);
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const manifest = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, config, layers }));
  return { id: digestOf(manifest), manifest, blobs };
}

function describe(mediaType: string, content: Buffer): Artifact['blobs'][number] {
  return { descriptor: { mediaType, digest: digestOf(content), size: content.length, annotations: {} }, content };
}
