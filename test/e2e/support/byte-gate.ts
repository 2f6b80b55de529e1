import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One GET of a blob that went through a gate. */
export interface BlobRead {
  readonly path: string;
  /** First byte that was asked for. */
  readonly start: number;
  /** Bytes that were let through so far. */
  readonly passed: number;
}

/** An HTTP server before another that counts the bytes of blobs and may hold some of them back. */
export interface ByteGate {
  /** `127.0.0.1:<port>` */
  readonly host: string;
  readonly reads: readonly BlobRead[];
  close(): Promise<void>;
}

export interface ByteGateOptions {
  /** `host:port` of the server behind; asked at each request. */
  readonly target: () => string;
  /** Bytes of an answer that may pass, by the first byte that was asked for; all of them when absent. */
  readonly allow?: (start: number) => number;
}

/** A connection that breaks behind the gate breaks before it, too, unless bytes are being held back. */
export async function startByteGate({ target, allow = () => Infinity }: ByteGateOptions): Promise<ByteGate> {
  const reads: { path: string; start: number; passed: number }[] = [];
  const server = createServer((incoming, response) => {
    const { method, url: path = '', headers } = incoming;
    const [host, port] = target().split(':');
    const onward = request({ host, port, method, path, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.once('error', () => response.destroy());
      if (method !== 'GET' || !path.includes('/blobs/')) {
        answer.pipe(response);
        return;
      }
      const read = { path, start: firstByte(headers.range), passed: 0 };
      reads.push(read);
      pass(answer, response, { read, limit: allow(read.start) });
    });
    onward.on('error', () => response.destroy());
    response.once('close', () => onward.destroy());
    incoming.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    reads,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function pass(
  answer: IncomingMessage,
  response: ServerResponse,
  { read, limit }: { readonly read: { passed: number }; readonly limit: number },
): void {
  answer.on('data', (bytes: Buffer) => {
    const some = bytes.subarray(0, Math.max(0, limit - read.passed));
    read.passed += some.length;
    const full = some.length > 0 && !response.write(some);
    if (full || read.passed >= limit) answer.pause();
  });
  response.on('drain', () => read.passed < limit && answer.resume());
  answer.on('end', () => response.end());
}

function firstByte(range: string | undefined): number {
  return Number(/^bytes=(\d+)-/.exec(range ?? '')?.[1] ?? 0);
}
