import { randomUUID } from 'node:crypto';
import { readFile, readdir, rm } from 'node:fs/promises';
import { isRecord } from '../formats/json.js';
import type { Descriptor } from '../formats/manifest.js';
import { ifPresent, writeFileDurably } from './durable-files.js';
import { allocatedBytes, fileSizes, totalOf } from './file-sizes.js';
import { noRoom, type Shortage } from './store-error.js';
import { LOCKS, hex } from './store-layout.js';
import type { Volume } from './volume.js';

/** A blob that somebody is going to write. */
export type WantedBlob = Pick<Descriptor, 'digest' | 'size'>;

export interface RoomState {
  readonly wanted: readonly WantedBlob[];
  /** What running pulls, of other processes too, are going to write. */
  readonly promised: readonly WantedBlob[];
  /** Bytes that are here already, by digest. */
  readonly present: ReadonlyMap<string, number>;
  /** Bytes the disk has left; undefined when unknown. */
  readonly free: number | undefined;
  /** Bytes the store takes. */
  readonly used: number;
  /** 0 = none. */
  readonly quota: number;
}

/** Undefined when there is room for all that is wanted, beside what was promised to others. */
export function findShortage(state: RoomState): Shortage | undefined {
  const { wanted, promised, present, free, used, quota } = state;
  const missing = ({ digest, size }: WantedBlob): number => Math.max(0, size - (present.get(digest) ?? 0));
  const sum = (blobs: Iterable<WantedBlob>): number =>
    [...blobs].reduce((total, blob) => total + missing(blob), 0);
  const all = new Map([...promised, ...wanted].map((blob) => [blob.digest, blob]));
  // What another pull is bringing anyway is not needed twice.
  const ours = new Map(wanted.map((blob) => [blob.digest, blob]));
  for (const { digest } of promised) ours.delete(digest);
  const need = sum(ours.values());
  if (need === 0) return undefined;
  const others = sum(all.values()) - need;
  const ofDisk = (free ?? Infinity) - others;
  const ofQuota = (quota === 0 ? Infinity : quota) - used - others;
  if (need <= Math.min(ofDisk, ofQuota)) return undefined;
  return ofQuota < ofDisk
    ? { need, have: Math.max(0, ofQuota), quota }
    : { need, have: Math.max(0, ofDisk), quota: 0 };
}

/** Room that is kept for one pull until it is given back, or its process dies. */
export interface Reservation {
  release(): Promise<void>;
}

/**
 * Keeps room for blobs, so that two pulls do not count on the same bytes.
 * @returns what is missing when there is too little.
 */
export async function reserveRoom(
  volume: Volume,
  wanted: readonly WantedBlob[],
): Promise<Reservation | Shortage> {
  const { layout, locks } = volume;
  return locks.during(LOCKS.room, {}, async () => {
    const promised = await readPromises(volume);
    const blobs = await fileSizes(layout.blobs, (status) => status.size);
    const partials = await fileSizes(layout.partial, allocatedBytes);
    const present = new Map(
      [...wanted, ...promised].map(({ digest }) => [
        digest,
        blobs.get(hex(digest)) ?? partials.get(hex(digest)) ?? 0,
      ]),
    );
    const shortage = findShortage({
      wanted,
      promised,
      present,
      free: await volume.freeBytes(),
      used: totalOf(blobs) + totalOf(partials),
      quota: volume.quota,
    });
    if (shortage) return shortage;
    const name = randomUUID();
    const lock = await locks.acquire(LOCKS.reservation(name), { ephemeral: true });
    const release = async (): Promise<void> => {
      await rm(layout.reservation(name), { force: true });
      await lock.release();
    };
    try {
      const content = JSON.stringify(wanted.map(({ digest, size }) => ({ digest, size })));
      await writeFileDurably(layout.reservation(name), content, layout.partial);
    } catch (error) {
      await release();
      throw error;
    }
    return { release };
  });
}

/** Room that dead processes had reserved is free again; this removes what is left of it. */
export async function forgetDeadReservations(volume: Volume): Promise<void> {
  await volume.locks.during(LOCKS.room, {}, () => readPromises(volume));
}

/** What live pulls have reserved; the reservations of dead ones are removed. Under the lock `room`. */
async function readPromises({ layout, locks }: Volume): Promise<WantedBlob[]> {
  const promised: WantedBlob[] = [];
  for (const file of await readdir(layout.reservations)) {
    const name = file.replace(/\.json$/, '');
    const text = await ifPresent(readFile(layout.reservation(name), 'utf8'));
    if (text === undefined) continue;
    if (await locks.isHeld(LOCKS.reservation(name))) promised.push(...readWanted(text));
    else await rm(layout.reservation(name), { force: true });
  }
  return promised;
}

function readWanted(text: string): WantedBlob[] {
  const document: unknown = JSON.parse(text);
  if (!Array.isArray(document)) return [];
  return document.flatMap((entry: unknown) => {
    if (!isRecord(entry)) return [];
    const { digest, size } = entry;
    return typeof digest === 'string' && typeof size === 'number' ? [{ digest, size }] : [];
  });
}

/** Stops a write that the disk has no room for, before it is full. @throws StoreError `no-room` */
export async function checkFree(volume: Volume, need: number): Promise<void> {
  const have = await volume.freeBytes();
  if (have !== undefined && have < need) throw noRoom(volume.layout.directory, { need, have, quota: 0 });
}
