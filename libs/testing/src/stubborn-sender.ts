import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const MEGABYTE = 1024 * 1024;

export interface StubbornRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Of the body, in megabytes; more than all buffers on the way hold. */
  readonly megabytes: number;
  /** Sends the body in chunks, so that nobody knows its length before. */
  readonly chunked?: boolean;
}

/**
 * Sends a POST whole before it reads anything, as clients do that do not look for an early answer.
 * @returns all that came back, head included
 * @throws Error `ECONNRESET` or `EPIPE` when the other side closed before it had the body
 */
export async function sendStubbornly({
  url,
  headers,
  megabytes,
  chunked = false,
}: StubbornRequest): Promise<string> {
  const { hostname, port, pathname, search } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port) });
  // A failure is told by what is under way then.
  socket.on('error', () => undefined);
  socket.pause();
  const write = promisify((bytes: string | Buffer, done: (error?: Error | null) => void) =>
    socket.write(bytes, done),
  );
  const size: readonly [string, string] = chunked
    ? ['transfer-encoding', 'chunked']
    : ['content-length', String(megabytes * MEGABYTE)];
  const lines = [['host', 'x'], size, ...Object.entries(headers)].map(([name, value]) => `${name}: ${value}`);
  await write(`POST ${pathname}${search} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
  for (let piece = 0; piece < megabytes; piece += 1) {
    const bytes = Buffer.alloc(MEGABYTE, 'x');
    await write(chunked ? Buffer.concat([Buffer.from('100000\r\n'), bytes, Buffer.from('\r\n')]) : bytes);
    // Time for the other side to answer, and to close.
    await sleep(10);
  }
  if (chunked) await write('0\r\n\r\n');
  return text(socket);
}
