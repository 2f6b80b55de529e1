import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One request that came to a front. */
export interface FrontExchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Lets the registry behind answer. */
  readonly forward: () => void;
  /** How many requests with this method and path came before. */
  readonly earlier: number;
}

/** A server before a registry that sees every request and may answer in the registry's place. */
export interface RegistryFront {
  readonly host: string;
  /** `GET /v2/…` lines in order. */
  readonly log: string[];
  close(): Promise<void>;
}

/**
 * @param registry `host:port` of the registry behind
 * @param handle answers each request, or forwards it; all are forwarded when it is absent
 */
export async function startRegistryFront(
  registry: string,
  handle: (exchange: FrontExchange) => void = ({ forward }) => forward(),
): Promise<RegistryFront> {
  const log: string[] = [];
  const server = createServer((incoming, response) => {
    const line = `${incoming.method} ${incoming.url}`;
    const earlier = log.filter((other) => other === line).length;
    log.push(line);
    handle({ request: incoming, response, earlier, forward: () => pass(registry, incoming, response) });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    log,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function pass(registry: string, incoming: IncomingMessage, response: ServerResponse): void {
  const [host, port] = registry.split(':');
  const headers = { ...incoming.headers };
  const onward = request({ host, port, method: incoming.method, path: incoming.url, headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
    answer.on('error', () => response.destroy());
  });
  onward.on('error', () => response.destroy());
  response.on('close', () => onward.destroy());
  incoming.pipe(onward);
}
