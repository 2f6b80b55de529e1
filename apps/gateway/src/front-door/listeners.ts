import type { Server as HttpServer } from 'node:http';
import type { Server as HttpsServer } from 'node:https';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Logger } from '#observability';
import type { GatewayConfig } from '../gateway.config.js';
import { HTTP_LIMITS } from '../http/http-adapter.js';
import { listenOnSocket } from './socket/listen-on-socket.js';
import { certificateSource } from './tls/certificate-source.js';
import { TlsListener } from './tls/tls-listener.js';

/** How often connections are looked for that have nothing more to say; ms. */
const IDLE_CHECK_MS = 10;

/** Where a gateway listens; absent = not there. */
export interface Addresses {
  readonly port?: number;
  readonly tlsPort?: number;
  readonly socket?: string;
}

export interface ListenersParts {
  readonly app: NestFastifyApplication;
  readonly config: GatewayConfig;
  readonly logger: Logger;
}

/** Everything a gateway listens on, all of it before the same routes. */
export class Listeners {
  private readonly plain: HttpServer;
  private tls: TlsListener | undefined;

  constructor(private readonly parts: ListenersParts) {
    this.plain = parts.app.getHttpAdapter().getInstance().server;
  }

  /** @throws ConfigurationError, or what listening failed with */
  async listen(): Promise<Addresses> {
    const { app, config, logger } = this.parts;
    const { host, tlsPort, socket } = config;
    const fastify = app.getHttpAdapter().getInstance();
    if (tlsPort !== -1) {
      const source = certificateSource(config);
      const answer = fastify.routing.bind(fastify);
      this.tls = await TlsListener.create({
        plain: this.plain,
        answer,
        source,
        logger,
        options: HTTP_LIMITS,
      });
    }
    const plain = socket === '' ? await this.listenOnPort() : await this.listenOnSocket();
    if (this.tls === undefined) return plain;
    try {
      return { ...plain, tlsPort: await this.tls.listen(host, tlsPort) };
    } catch (error) {
      this.plain.close();
      throw error;
    }
  }

  /** Accepts no new connection. @returns a promise that resolves when the last one has ended */
  close(): Promise<void> {
    this.tls?.stopRenewing();
    const closed = this.servers.map(
      (server) => new Promise<void>((resolve) => void server.close(() => resolve())),
    );
    return Promise.all(closed).then(() => undefined);
  }

  /** Lets what was answered last reach its clients, some of which are answered only now, and ends every connection. */
  async endConnections(closed: Promise<void>, limitMs: number): Promise<void> {
    const answered = setInterval(() => {
      for (const server of this.servers) server.closeIdleConnections();
    }, IDLE_CHECK_MS);
    const late = setTimeout(() => {
      this.plain.closeAllConnections();
      this.tls?.endConnections();
    }, limitMs);
    await closed;
    clearInterval(answered);
    clearTimeout(late);
  }

  private get servers(): readonly (HttpServer | HttpsServer)[] {
    return this.tls === undefined ? [this.plain] : [this.plain, this.tls.server];
  }

  private async listenOnPort(): Promise<Addresses> {
    const { app, config } = this.parts;
    await app.listen({ host: config.host, port: config.port });
    const address = this.plain.address();
    return { port: typeof address === 'object' && address !== null ? address.port : config.port };
  }

  private async listenOnSocket(): Promise<Addresses> {
    const { app, config } = this.parts;
    await app.init();
    await app.getHttpAdapter().getInstance().ready();
    await listenOnSocket(this.plain, { path: config.socket, mode: config.socketMode });
    return { socket: config.socket };
  }
}
