import type { GatewayMetrics } from '#observability';
import { LongshoreError } from '#contracts';
import type { FastifyReply, FastifyRequest, HookHandlerDoneFunction } from 'fastify';
import type { CrossOrigin } from '../front-door/cors/cross-origin.js';
import { limitBodyTime } from './body-deadline.js';
import { checkArchiveType, checkMediaType } from './check-media-type.js';
import { hasBody } from './early-answer.js';
import { responseId } from './request-id.js';
import type { Draining } from './draining.js';

/** Status that stands in the metrics for "the client went away first"; never sent. */
const CLIENT_CLOSED_REQUEST = 499;

/** A client gets this long to send a body; ms. */
const BODY_TIMEOUT_MS = 120_000;

/** What is sent there may be as large, and take as long to come, as it likes; it is never held here. */
const UPLOAD_ROUTES: readonly (string | undefined)[] = ['/models/load', '/models/package'];

export interface AdmissionParts {
  readonly metrics: GatewayMetrics;
  readonly draining: Draining;
  readonly crossOrigin: CrossOrigin;
}

/** What happens to every request before its body is read: labelled, counted, and refused early where it must be. */
export function admitRequests({ metrics, draining, crossOrigin }: AdmissionParts) {
  return (request: FastifyRequest, reply: FastifyReply, done: HookHandlerDoneFunction): void => {
    void reply.header('x-request-id', responseId(request.headers, request.id));
    reply.raw.on('close', () => {
      const status = reply.raw.writableFinished ? reply.raw.statusCode : CLIENT_CLOSED_REQUEST;
      metrics.requests.inc({ method: request.method, route: request.routeOptions.url ?? 'none', status });
    });
    if (crossOrigin.apply(request, reply) === 'answered') return;
    if (draining.begun) {
      void reply.header('connection', 'close');
      return done(new LongshoreError('shutting_down'));
    }
    done();
  };
}

/** What happens to every request that may go on: its body gets its time, and is refused where it cannot be read. */
export function admitBody(
  request: FastifyRequest,
  _reply: FastifyReply,
  done: HookHandlerDoneFunction,
): void {
  if (takesArchive(request)) return done(checkArchiveType(request.headers));
  if (hasBody(request)) limitBodyTime(request.raw, request.server.server, BODY_TIMEOUT_MS);
  done(hasBody(request) && !request.is404 ? checkMediaType(request.headers) : undefined);
}

function takesArchive(request: FastifyRequest): boolean {
  return request.method === 'POST' && UPLOAD_ROUTES.includes(request.routeOptions.url);
}
