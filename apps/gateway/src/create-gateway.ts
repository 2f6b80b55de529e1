import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { ApiKeys, Catalogue, KeyUsage } from '#cluster';
import { NestLogger } from '#observability';
import { Completions } from './completions/completions.js';
import { CrossOrigin } from './front-door/cors/cross-origin.js';
import { OriginRules } from './front-door/cors/origin-rules.js';
import { Guard } from './front-door/keys/guard.js';
import { KeyRing } from './front-door/keys/key-ring.js';
import { type Addresses, Listeners } from './front-door/listeners.js';
import type { GatewayParts } from './core.module.js';
import { GatewayModule } from './gateway.module.js';
import type { GatewayConfig } from './gateway.config.js';
import { admitBody, admitRequests } from './http/admit-request.js';
import { Draining } from './http/draining.js';
import { EndlessAnswers } from './http/endless-answers.js';
import { ErrorFilter } from './http/error.filter.js';
import { createHttpAdapter } from './http/http-adapter.js';
import { OpenResponses } from './http/open-responses.js';
import { outlastBody } from './http/early-answer.js';
import { RouteMethods } from './http/route-methods.js';

/** Time clients get to be told that this gateway stops before their answer is complete; ms. */
const LAST_WORDS_MS = 500;

/** A gateway that is ready to listen. */
export interface Gateway {
  readonly app: NestFastifyApplication;
  /** @returns where; ports are those chosen when the configuration says 0. */
  listen(): Promise<Addresses>;
  /**
   * Accepts nothing new, lets open responses finish for up to `drainMs`, cuts what is left and closes everything.
   * @returns how many responses were cut.
   */
  stop(drainMs: number): Promise<number>;
}

export async function createGateway(parts: GatewayParts): Promise<Gateway> {
  const { config, metrics } = parts;
  const crossOrigin = new CrossOrigin(new OriginRules(config.origins));
  const adapter = createHttpAdapter({
    bodyLimit: config.bodyLimit,
    answerUnroutable: (error, request, reply) => {
      if (crossOrigin.apply(request, reply) === 'goes on') app.get(ErrorFilter).answer(error, request, reply);
    },
  });
  const app = await NestFactory.create<NestFastifyApplication>(GatewayModule.over(parts), adapter, {
    bodyParser: false,
    abortOnError: false,
    logger: new NestLogger(parts.logger),
  });
  const draining = new Draining();
  const fastify = adapter.getInstance();
  fastify.addHook('onRequest', admitRequests({ metrics, draining, crossOrigin }));
  if (config.adminKey !== '') guardOf(app, config).install(fastify);
  fastify.addHook('onRequest', admitBody);
  fastify.addHook('onSend', outlastBody);
  const routes = app.get(RouteMethods);
  fastify.addHook('onRoute', ({ path, method }) => routes.add(path, method));
  const listeners = new Listeners({ app, config, logger: parts.logger });
  return {
    app,
    listen: () => listeners.listen(),
    stop: async (drainMs) => {
      draining.begin();
      app.get(EndlessAnswers).end();
      const closed = listeners.close();
      const open = app.get(OpenResponses);
      const cut = await open.drained(drainMs);
      if (cut > 0) {
        app.get(Completions).letAllGo();
        await open.drained(LAST_WORDS_MS);
      }
      await listeners.endConnections(closed, LAST_WORDS_MS);
      await app.close();
      return cut;
    },
  };
}

function guardOf(app: NestFastifyApplication, config: GatewayConfig): Guard {
  const { adminKey, defaultRegistry, requestTimeout, logRetention, resultRetention, responseRetention } =
    config;
  const answers = requestTimeout + Math.max(logRetention, resultRetention);
  return new Guard({
    ring: new KeyRing(adminKey, app.get(ApiKeys)),
    usage: app.get(KeyUsage),
    catalogue: app.get(Catalogue),
    defaultRegistry,
    keptFor: { answers, responses: Math.max(answers, requestTimeout + responseRetention) },
  });
}
