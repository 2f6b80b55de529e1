import { open, readFile, rename, rm, writeFile, type FileHandle } from 'node:fs/promises';
import { hasCode, ifPresent, TEMPORARY_ENDING } from '../store/durable-files.js';
import type { PartialPlace } from '../store/store-layout.js';
import { SegmentMap } from './segment-map.js';

/**
 * A blob on its way. The record lags behind the bytes and never leads: a process killed at any moment leaves a record
 * whose segments are all in the file. It does not promise that they are right, nor that they survive a power cut:
 * only the digest of the whole says so.
 */
export class PartialFile {
  private running: Promise<void> = Promise.resolve();
  private queued: Promise<void> | undefined;
  private syncing: Promise<void> | undefined;

  private constructor(
    private readonly place: PartialPlace,
    private readonly file: FileHandle,
    readonly segments: SegmentMap,
  ) {}

  /** Goes on with what is there, in the segments it was begun with, or begins anew. */
  static async open(place: PartialPlace, size: number, segmentSize: number): Promise<PartialFile> {
    const kept = await readRecord(place.record, size);
    const file = kept && (await ifPresent(open(place.data, 'r+')));
    if (kept && file) {
      kept.forgetBeyond((await file.stat()).size);
      return new PartialFile(place, file, kept);
    }
    await rm(place.record, { force: true });
    return new PartialFile(place, await open(place.data, 'w+', 0o644), new SegmentMap(size, segmentSize));
  }

  /** Puts bytes where they belong. */
  async write(bytes: Buffer, position: number): Promise<void> {
    for (let done = 0; done < bytes.length;) {
      done += (await this.file.write(bytes, done, bytes.length - done, position + done)).bytesWritten;
    }
  }

  /** Records a segment whose bytes were all written. On return another process would not fetch it again. */
  async finish(index: number): Promise<void> {
    if (!this.segments.finish(index)) return;
    this.syncSoon();
    await this.save();
  }

  /** Leaves the files for whoever goes on. */
  async close(): Promise<void> {
    await this.settle();
    await this.file.close();
  }

  /** Closes and removes both files. */
  async discard(): Promise<void> {
    await this.close();
    await rm(this.place.record, { force: true });
    await rm(this.place.data, { force: true });
  }

  /** Has the disk take what is there while more arrives, so that little is left to wait for at the end. */
  private syncSoon(): void {
    this.syncing ??= this.file
      .datasync()
      .catch(() => undefined)
      .finally(() => (this.syncing = undefined));
  }

  /** Saves follow each other, and those asked for while one runs become one. */
  private async save(): Promise<void> {
    this.queued ??= this.running
      .catch(() => undefined)
      .then(() => {
        this.queued = undefined;
        this.running = this.writeRecord();
        return this.running;
      });
    return this.queued;
  }

  private async settle(): Promise<void> {
    await this.queued?.catch(() => undefined);
    await this.running.catch(() => undefined);
    await this.syncing;
  }

  private async writeRecord(): Promise<void> {
    const temporary = `${this.place.record}${TEMPORARY_ENDING}`;
    await writeFile(temporary, JSON.stringify(this.segments.toRecord()));
    await rename(temporary, this.place.record);
  }
}

async function readRecord(path: string, size: number): Promise<SegmentMap | undefined> {
  try {
    return SegmentMap.fromRecord(JSON.parse(await readFile(path, 'utf8')), size);
  } catch (error) {
    if (error instanceof SyntaxError || hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}
