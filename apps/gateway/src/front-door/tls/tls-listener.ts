import type { IncomingMessage, Server as HttpServer, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { ConfigurationError } from '#config';
import type { Logger } from '#observability';
import type { CertificateSource } from './certificate-source.js';

/** How often it is looked whether the certificate is another one; ms. */
const RENEWAL_CHECK_MS = 600_000;

/** A client gets this long for its part of the handshake; ms. */
const HANDSHAKE_TIMEOUT_MS = 10_000;

const OLDEST_VERSION = 'TLSv1.2';

export interface TlsListenerParts {
  /** Whose routes and limits are taken over. */
  readonly plain: HttpServer;
  readonly answer: (request: IncomingMessage, response: ServerResponse) => void;
  readonly source: CertificateSource;
  readonly logger: Logger;
  /** What Node is told when it makes a server, beside the certificate. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** A second server with TLS before the same routes. */
export class TlsListener {
  private timer: NodeJS.Timeout | undefined;
  private shown: string;
  private readonly sockets = new Set<Socket>();

  private constructor(
    readonly server: Server,
    certificate: string,
    private readonly parts: TlsListenerParts,
  ) {
    this.shown = certificate;
    server.on('connection', (socket: Socket) => {
      this.sockets.add(socket);
      socket.once('close', () => this.sockets.delete(socket));
    });
  }

  /** @throws ConfigurationError when there is no certificate that can be used */
  static async create(parts: TlsListenerParts): Promise<TlsListener> {
    const { plain, answer, options } = parts;
    const { certificate, key } = await parts.source();
    const secure = { cert: certificate, key, minVersion: OLDEST_VERSION } as const;
    const server = createServer({ ...options, ...secure, handshakeTimeout: HANDSHAKE_TIMEOUT_MS }, answer);
    server.keepAliveTimeout = plain.keepAliveTimeout;
    server.requestTimeout = plain.requestTimeout;
    server.setTimeout(plain.timeout);
    // Else Node closes the connection of a client that has closed its sending half and waits for the answer.
    Object.assign(server, { httpAllowHalfOpen: true });
    server.on('secureConnection', (socket) => socket.setMaxListeners(0));
    // Who does not get through the handshake cannot be told anything.
    server.on('tlsClientError', (_error, socket) => socket.destroy());
    server.on('clientError', (error, socket) => plain.emit('clientError', error, socket));
    return new TlsListener(server, certificate, parts);
  }

  /** @returns the port; the one chosen when it is 0. */
  async listen(host: string, port: number): Promise<number> {
    const { server } = this;
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error) => reject(unusable(error)));
      server.listen({ host, port }, () => {
        server.removeAllListeners('error');
        resolve();
      });
    });
    this.timer = setInterval(() => void this.renew(), RENEWAL_CHECK_MS).unref();
    return (server.address() as AddressInfo).port;
  }

  /** Shows a new certificate to who connects from now on, when there is one. */
  async renew(): Promise<void> {
    try {
      const { certificate, key } = await this.parts.source();
      if (certificate === this.shown) return;
      this.server.setSecureContext({ cert: certificate, key, minVersion: OLDEST_VERSION });
      this.shown = certificate;
      this.parts.logger.info('shows a new certificate');
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.parts.logger.warn('the certificate cannot be read again; the old one is kept', { reason });
    }
  }

  /** Also of who is still in the handshake, of whom the server does not know yet. */
  endConnections(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  stopRenewing(): void {
    clearInterval(this.timer);
  }
}

function unusable(error: Error): Error {
  const taken = 'code' in error && error.code === 'EADDRINUSE';
  return new ConfigurationError([
    `LONGSHORE_TLS_PORT: ${taken ? 'the port is taken by another process' : error.message}`,
  ]);
}
