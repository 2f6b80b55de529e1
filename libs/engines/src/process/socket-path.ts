import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { EngineStartError } from '../engine.js';

/** Longest path a unix socket may have everywhere; bytes. */
const SOCKET_PATH_LIMIT = 100;

/** Bytes of our own names below the run folder. */
const LONGEST_NAME = 24;

let lastNumber = 0;

/**
 * A path for a socket that nothing stands in the way of, unique in this process and beside others that share the
 * folder.
 * @throws EngineStartError when the folder's path is too long.
 */
export function newSocketPath(runDirectory: string): string {
  lastNumber += 1;
  const path = join(runDirectory, `e-${process.pid}-${lastNumber}.sock`);
  if (Buffer.byteLength(path) > SOCKET_PATH_LIMIT) {
    throw new EngineStartError(
      `The run folder ${runDirectory} is too long for a unix socket; use one of at most ${SOCKET_PATH_LIMIT - LONGEST_NAME} bytes.`,
    );
  }
  rmSync(path, { force: true });
  return path;
}
