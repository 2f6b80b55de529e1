import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A server in front of a registry that counts what is asked for and can keep blobs back. */
export interface RegistryGate {
  readonly host: string;
  /** Path and range of what was asked for of blobs with GET, in order. */
  readonly blobsRead: readonly string[];
  /** From now on blobs are delivered; before, whoever asks waits. */
  open(): void;
  close(): Promise<void>;
}

/**
 * Begins closed: manifests pass, blobs wait.
 * @param holds whether a part of a blob waits, by its first byte; all do when absent
 */
export async function startRegistryGate(
  registry: string,
  holds: (start: number) => boolean = () => true,
): Promise<RegistryGate> {
  const blobsRead: string[] = [];
  let letThrough = (): void => undefined;
  const opened = new Promise<void>((resolve) => (letThrough = resolve));
  const server = createServer((incoming, response) => {
    const blob = incoming.method === 'GET' && incoming.url?.includes('/blobs/') === true;
    if (blob) blobsRead.push(`${incoming.url} ${incoming.headers.range ?? ''}`);
    const start = Number(/^bytes=(\d+)-/.exec(incoming.headers.range ?? '')?.[1] ?? 0);
    void (blob && holds(start) ? opened : Promise.resolve()).then(() => pass(registry, incoming, response));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    blobsRead,
    open: letThrough,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function pass(registry: string, incoming: IncomingMessage, response: ServerResponse): void {
  const [host, port] = registry.split(':');
  const { method, url: path, headers } = incoming;
  const onward = request({ host, port, method, path, headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
  onward.on('error', () => response.destroy());
  incoming.pipe(onward);
}
