import { MessageChannel } from 'node:worker_threads';

/** Less is not worth the call. */
const LEAST_BYTES = 4096;

/** What is sent to a port that is closed is taken from the sender and freed. */
const nowhere = new MessageChannel().port1;
nowhere.close();

/**
 * Frees the memory of a piece at once, which is empty from then on. Left to the collector, the pieces of a download
 * count as pressure: it goes through the whole heap after every fifty megabytes of them.
 *
 * A piece that shares its memory is left alone.
 */
export function giveBackMemory(piece: Buffer): void {
  const { buffer, byteLength } = piece;
  if (byteLength < LEAST_BYTES || byteLength !== buffer.byteLength || !(buffer instanceof ArrayBuffer))
    return;
  nowhere.postMessage(undefined, [buffer]);
}
