import { isRecord } from '../formats/json.js';
import type { ByteRange } from '../sources/model-source.js';

/** Blobs of so many segments get longer ones: what a manifest claims must not decide how much memory is taken. */
const SEGMENT_LIMIT = 1 << 20;

/** Which parts of a blob have arrived. Touches nothing but itself. */
export class SegmentMap {
  readonly segmentSize: number;
  readonly count: number;
  private readonly done: Uint8Array;
  private readonly claimed = new Set<number>();
  /** Bytes from the beginning of segments that are arriving. */
  private readonly arriving = new Map<number, number>();
  private bytes = 0;
  /** Every segment before this one is done. */
  private first = 0;

  constructor(
    readonly size: number,
    segmentSize: number,
  ) {
    this.segmentSize = Math.max(segmentSize, Math.ceil(size / SEGMENT_LIMIT));
    this.count = Math.ceil(size / this.segmentSize);
    this.done = new Uint8Array(this.count);
  }

  /** What {@link toRecord} made; undefined when it is not that, or of a blob of another size. */
  static fromRecord(record: unknown, size: number): SegmentMap | undefined {
    if (!isRecord(record) || record['version'] !== 1 || record['size'] !== size) return undefined;
    const { segmentSize, done } = record;
    if (typeof segmentSize !== 'number' || !Number.isSafeInteger(segmentSize) || segmentSize < 1)
      return undefined;
    const map = new SegmentMap(size, segmentSize);
    if (map.segmentSize !== segmentSize || typeof done !== 'string') return undefined;
    const bits = Buffer.from(done, 'base64');
    if (bits.length !== Math.ceil(map.count / 8)) return undefined;
    for (let index = 0; index < map.count; index += 1) {
      if (((bits[index >> 3] ?? 0) >> (index & 7)) & 1) map.finish(index);
    }
    return map;
  }

  /** For JSON: one bit a segment. */
  toRecord(): object {
    const bits = Buffer.alloc(Math.ceil(this.count / 8));
    this.done.forEach((done, index) => {
      if (done === 1) bits[index >> 3] = (bits[index >> 3] ?? 0) | (1 << (index & 7));
    });
    return { version: 1, size: this.size, segmentSize: this.segmentSize, done: bits.toString('base64') };
  }

  /** Takes the first segment nobody has. */
  claim(): number | undefined {
    for (let index = this.first; index < this.count; index += 1) {
      if (this.done[index] === 1 || this.claimed.has(index)) continue;
      this.claimed.add(index);
      return index;
    }
    return undefined;
  }

  /** Gives back what {@link claim} gave. */
  release(index: number): void {
    this.claimed.delete(index);
  }

  /** Segments that are neither done nor taken. */
  get waiting(): number {
    return this.done.filter((done, index) => done === 0 && !this.claimed.has(index)).length;
  }

  get complete(): boolean {
    return this.first === this.count;
  }

  /** True when a segment is done: something a later process can build on. */
  get hasFinished(): boolean {
    return this.done.includes(1);
  }

  range(index: number): ByteRange {
    return { start: index * this.segmentSize, end: Math.min((index + 1) * this.segmentSize, this.size) };
  }

  indexOf(position: number): number {
    return Math.floor(position / this.segmentSize);
  }

  /** The bytes of a segment up to `position` have arrived. */
  advance(index: number, position: number): void {
    if (this.done[index] !== 1) this.arriving.set(index, position - this.range(index).start);
  }

  /** @returns false when it was done already. */
  finish(index: number): boolean {
    this.arriving.delete(index);
    this.claimed.delete(index);
    if (this.done[index] === 1) return false;
    this.done[index] = 1;
    const { start, end } = this.range(index);
    this.bytes += end - start;
    while (this.done[this.first] === 1) this.first += 1;
    return true;
  }

  /** Takes back every segment that ends beyond `length`. */
  forgetBeyond(length: number): void {
    for (let index = this.indexOf(length); index < this.count; index += 1) {
      const { start, end } = this.range(index);
      if (start >= length) this.arriving.delete(index);
      if (end <= length || this.done[index] !== 1) continue;
      this.done[index] = 0;
      this.bytes -= end - start;
      this.first = Math.min(this.first, index);
    }
  }

  /** Bytes that have arrived, wherever they are. */
  get arrived(): number {
    let sum = this.bytes;
    for (const bytes of this.arriving.values()) sum += bytes;
    return sum;
  }

  /** Bytes without a gap from the beginning. */
  get prefix(): number {
    return this.complete ? this.size : this.range(this.first).start + (this.arriving.get(this.first) ?? 0);
  }
}
