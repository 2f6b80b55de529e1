import { pipeline, Transform, type Readable, type TransformCallback } from 'node:stream';

/**
 * Within a JSON text this is always the name of a member: the quotes of the same letters inside a string are escaped,
 * and the one before the colon then has a backslash.
 */
const THEIRS = Buffer.from('"reasoning":');
const OURS = Buffer.from('"reasoning_content":');

/** The JSON texts that come, with members named `reasoning` renamed to `reasoning_content`. */
export function nameReasoning(source: Readable): Readable {
  const renamed = new MemberNamer();
  // A reader that attaches late must still see the error, and one that never does must not end the process.
  renamed.on('error', () => undefined);
  pipeline(source, renamed, () => undefined);
  return renamed;
}

class MemberNamer extends Transform {
  /** What may be the beginning of the name. */
  #held: Buffer = Buffer.alloc(0);

  override _transform(bytes: Buffer, _encoding: string, done: TransformCallback): void {
    let rest = this.#held.length === 0 ? bytes : Buffer.concat([this.#held, bytes]);
    for (let at = rest.indexOf(THEIRS); at >= 0; at = rest.indexOf(THEIRS)) {
      this.push(Buffer.concat([rest.subarray(0, at), OURS]));
      rest = rest.subarray(at + THEIRS.length);
    }
    const kept = rest.length - beginningAtEnd(rest);
    this.#held = rest.subarray(kept);
    if (kept > 0) this.push(rest.subarray(0, kept));
    done();
  }

  override _flush(done: TransformCallback): void {
    if (this.#held.length > 0) this.push(this.#held);
    done();
  }
}

/** Bytes at the end that are the beginning of the name. */
function beginningAtEnd(bytes: Buffer): number {
  const longest = Math.min(bytes.length, THEIRS.length - 1);
  for (let length = longest; length > 0; length -= 1) {
    if (bytes.subarray(bytes.length - length).equals(THEIRS.subarray(0, length))) return length;
  }
  return 0;
}
