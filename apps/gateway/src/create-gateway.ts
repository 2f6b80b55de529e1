import 'reflect-metadata';
import type { Server } from 'node:http';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { NestLogger } from '#observability';
import { Completions } from './completions/completions.js';
import { GatewayModule, type GatewayParts } from './gateway.module.js';
import { admitRequests } from './http/admit-request.js';
import { Draining } from './http/draining.js';
import { EndlessAnswers } from './http/endless-answers.js';
import { ErrorFilter } from './http/error.filter.js';
import { createHttpAdapter } from './http/http-adapter.js';
import { OpenResponses } from './http/open-responses.js';
import { RouteMethods } from './http/route-methods.js';

/** Time clients get to be told that this gateway stops before their answer is complete; ms. */
const LAST_WORDS_MS = 500;

/** How often connections are looked for that have nothing more to say; ms. */
const IDLE_CHECK_MS = 10;

/** A gateway that is ready to listen. */
export interface Gateway {
  readonly app: NestFastifyApplication;
  /** @returns the port; the one chosen when the configuration says 0. */
  listen(): Promise<number>;
  /**
   * Accepts nothing new, lets open responses finish for up to `drainMs`, cuts what is left and closes everything.
   * @returns how many responses were cut.
   */
  stop(drainMs: number): Promise<number>;
}

export async function createGateway(parts: GatewayParts): Promise<Gateway> {
  const adapter = createHttpAdapter({
    bodyLimit: parts.config.bodyLimit,
    answerUnroutable: (error, request, reply) => app.get(ErrorFilter).answer(error, request, reply),
  });
  const app = await NestFactory.create<NestFastifyApplication>(GatewayModule.over(parts), adapter, {
    bodyParser: false,
    abortOnError: false,
    logger: new NestLogger(parts.logger),
  });
  const draining = new Draining();
  adapter.getInstance().addHook('onRequest', admitRequests(parts.metrics, draining));
  const routes = app.get(RouteMethods);
  adapter.getInstance().addHook('onRoute', ({ path, method }) => routes.add(path, method));
  const server = adapter.getInstance().server;
  return {
    app,
    listen: async () => {
      await app.listen({ host: parts.config.host, port: parts.config.port });
      const address = server.address();
      return typeof address === 'object' && address !== null ? address.port : parts.config.port;
    },
    stop: async (drainMs) => {
      draining.begin();
      app.get(EndlessAnswers).end();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      const open = app.get(OpenResponses);
      const cut = await open.drained(drainMs);
      if (cut > 0) {
        app.get(Completions).letAllGo();
        await open.drained(LAST_WORDS_MS);
      }
      await endConnections(server, closed);
      await app.close();
      return cut;
    },
  };
}

/** Lets what was answered last reach its clients, some of which are answered only now, and ends every connection. */
async function endConnections(server: Server, closed: Promise<void>): Promise<void> {
  const answered = setInterval(() => server.closeIdleConnections(), IDLE_CHECK_MS);
  const late = setTimeout(() => server.closeAllConnections(), LAST_WORDS_MS);
  await closed;
  clearInterval(answered);
  clearTimeout(late);
}
