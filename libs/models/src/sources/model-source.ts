import type { ModelReference } from '#contracts';
import type { Descriptor, Manifest } from '../formats/manifest.js';

/** What one caller may do and for how long. */
export interface SourceAccess {
  /** The caller's own token for the source; used instead of configured credentials and never logged. */
  readonly bearerToken?: string;
  /** Aborting ends every request and wait; the call then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Tries of each request of `resolve`; the source's own number when absent. */
  readonly attempts?: number;
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

/** Bytes of a blob, from `start` to the one before `end`. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/**
 * Bytes of a blob as a server sends them. The range may be another than the one asked for: the whole blob where the
 * server ignores ranges, fewer bytes where it sends less at a time.
 */
export interface BlobStream extends ByteRange {
  readonly bytes: AsyncIterable<Buffer>;
  /** Nobody else holds the pieces: the reader may give their memory back. */
  readonly exclusive?: true;
}

/**
 * Where models come from. A source promises to have asked the network and to tell failures apart by
 * `SourceError.failure`. It promises nothing about bytes: whoever reads a blob checks its digest. Calls may run at the
 * same time.
 */
export abstract class ModelSource {
  /**
   * Finds the manifest of a reference, having retried what is worth retrying. When the reference has a digest the
   * manifest was checked against it.
   * @throws SourceError
   */
  abstract resolve(reference: ModelReference, access?: SourceAccess): Promise<ResolvedModel>;

  /**
   * Opens a range of one blob of a resolved model. Tries once: whoever reads decides about the next try, and several
   * ranges of one blob may be open at the same time. The stream belongs to the caller, who reads it to its end or
   * stops iterating; it errors when the connection breaks.
   * @throws TransientFailure when another try may succeed; SourceError when none will
   */
  abstract openBlob(
    model: ResolvedModel,
    blob: Descriptor,
    range: ByteRange,
    access?: SourceAccess,
  ): Promise<BlobStream>;

  /**
   * Told when the bytes of a blob had another digest than they should. Absent in sources that have them from one place.
   * @returns true when they can be had from somewhere else.
   */
  distrust?(model: ResolvedModel, blob: Descriptor): boolean;
}
