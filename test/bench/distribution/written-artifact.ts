import type { Artifact, Descriptor } from '#models';

interface WrittenArtifact {
  readonly id: string;
  readonly manifest: string;
  readonly blobs: readonly {
    readonly descriptor: Descriptor;
    readonly file?: string;
    /** base64 */
    readonly bytes?: string;
  }[];
}

/** An artifact as JSON, for another process on this machine; {@link readArtifact} reads it. */
export function writeArtifact({ id, manifest, blobs }: Artifact): string {
  const written: WrittenArtifact = {
    id,
    manifest: manifest.toString('base64'),
    blobs: blobs.map(({ descriptor, content }) =>
      typeof content === 'string'
        ? { descriptor, file: content }
        : { descriptor, bytes: content.toString('base64') },
    ),
  };
  return JSON.stringify(written);
}

export function readArtifact(text: string): Artifact {
  const { id, manifest, blobs } = JSON.parse(text) as WrittenArtifact;
  return {
    id,
    manifest: Buffer.from(manifest, 'base64'),
    blobs: blobs.map(({ descriptor, file, bytes = '' }) => ({
      descriptor,
      content: file ?? Buffer.from(bytes, 'base64'),
    })),
  };
}
