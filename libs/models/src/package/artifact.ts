import type { Descriptor } from '../formats/manifest.js';

/** One blob of an artifact that lies on this machine. */
export interface ArtifactBlob {
  readonly descriptor: Descriptor;
  /** The bytes, or the path of the file that holds them. */
  readonly content: Buffer | string;
}

/** A model ready to be stored or pushed. */
export interface Artifact {
  /** `sha256:` of the manifest: the model's id. */
  readonly id: string;
  readonly manifest: Buffer;
  /** Config first, each blob once. */
  readonly blobs: readonly ArtifactBlob[];
}
