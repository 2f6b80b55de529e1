import type { ModelReference } from '#contracts';
import type { Descriptor, Manifest } from '../formats/manifest.js';

/** What one caller may do and for how long. */
export interface SourceAccess {
  /** The caller's own token for the source; used instead of configured credentials and never logged. */
  readonly bearerToken?: string;
  /** Aborting ends every request and wait; the call then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

export interface ResolvedModel {
  readonly reference: ModelReference;
  /** `sha256:` of `bytes`: the model's id. */
  readonly digest: string;
  /** The manifest as it came; stored verbatim. */
  readonly bytes: Buffer;
  readonly manifest: Manifest;
  /** Pinned to the digest: `registry/repository@sha256:…`. */
  readonly origin: string;
}

/**
 * Where models come from. A source promises to have asked the network, to have retried what is worth retrying, and
 * to tell failures apart by `SourceError.failure`. It promises nothing about bytes: whoever reads a blob checks its
 * digest. Calls may run at the same time.
 */
export abstract class ModelSource {
  /**
   * Finds the manifest of a reference. When the reference has a digest the manifest was checked against it.
   * @throws SourceError
   */
  abstract resolve(reference: ModelReference, access?: SourceAccess): Promise<ResolvedModel>;

  /**
   * Opens one blob of a resolved model. The first byte of the stream is byte `offset` of the blob, whatever the server
   * supports. The stream belongs to the caller, who reads it to its end or stops iterating; it errors when the
   * connection breaks.
   * @throws SourceError
   */
  abstract openBlob(
    model: ResolvedModel,
    blob: Descriptor,
    offset: number,
    access?: SourceAccess,
  ): Promise<AsyncIterable<Buffer>>;
}
