/** A file that is to be sent, by the name that it has in the archive. */
export interface PackedFile {
  readonly path: string;
  readonly name: string;
  /** Bytes. */
  readonly size: number;
}
