import { lstat, rm } from 'node:fs/promises';
import { connect, type Server } from 'node:net';
import { ConfigurationError } from '#config';

/** What systems have room for; longer paths are cut short without a word. Bytes. */
const LONGEST_PATH = process.platform === 'linux' ? 107 : 103;

/** Whoever listens takes a connection within this; ms. */
const ANSWERS_WITHIN_MS = 1_000;

export interface SocketPlace {
  readonly path: string;
  /** Of the file: who may connect. */
  readonly mode: number;
}

/**
 * Listens on a Unix socket, in the place of one that a killed process has left. The file goes when the server closes.
 * @throws ConfigurationError when the path is somebody else's
 */
export async function listenOnSocket(server: Server, { path, mode }: SocketPlace): Promise<void> {
  if (Buffer.byteLength(path) > LONGEST_PATH)
    throw new ConfigurationError([
      `LONGSHORE_SOCKET is longer than ${LONGEST_PATH} bytes; name a shorter path`,
    ]);
  await clearPlace(path);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    // The file is made in this very turn: nobody else's files are, and it is never open to more people than it should be.
    const before = process.umask(0o777 & ~mode);
    try {
      server.listen({ path }, () => {
        server.off('error', reject);
        resolve();
      });
    } finally {
      process.umask(before);
    }
  }).catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigurationError([`LONGSHORE_SOCKET: ${reason}`]);
  });
}

async function clearPlace(path: string): Promise<void> {
  const state = await lookAt(path);
  if (state === 'free') return;
  if (state === 'no socket')
    throw new ConfigurationError([`LONGSHORE_SOCKET: ${path} is there and is no socket; name another path`]);
  if (state === 'in use')
    throw new ConfigurationError([
      `LONGSHORE_SOCKET: another process listens on ${path}; stop it or name another path`,
    ]);
  // Somebody else who starts may have taken it away already.
  await rm(path, { force: true }).catch((error: unknown) => {
    throw new ConfigurationError([`LONGSHORE_SOCKET: ${(error as Error).message}`]);
  });
}

async function lookAt(path: string): Promise<'free' | 'no socket' | 'left over' | 'in use'> {
  try {
    if (!(await lstat(path)).isSocket()) return 'no socket';
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return 'free';
    throw new ConfigurationError([`LONGSHORE_SOCKET: ${(error as Error).message}`]);
  }
  return new Promise((resolve) => {
    const socket = connect(path);
    const settle = (state: 'left over' | 'in use'): void => {
      clearTimeout(late);
      socket.destroy();
      resolve(state);
    };
    // Whoever listens and does not answer is busy, not gone.
    const late = setTimeout(() => settle('in use'), ANSWERS_WITHIN_MS);
    socket.once('connect', () => settle('in use'));
    socket.once('error', (error) => {
      settle(['ECONNREFUSED', 'ENOENT'].includes(codeOf(error)) ? 'left over' : 'in use');
    });
  });
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
