import { Catch, Inject, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { LongshoreError } from '#contracts';
import { Logger } from '#observability';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { answerStatus } from './answer-status.js';
import { EngineRefusal } from './engine-refusal.js';
import { dialectOf, ERROR_DIALECTS, pathOf, type ErrorDialect } from './error-dialect.js';
import { describeFailure, type Failure, RouteFailure } from './failure.js';
import { OpenResponses } from './open-responses.js';
import { RouteMethods } from './route-methods.js';

/** The one place where a failure becomes a response: status from the catalogue, shape from the dialect of the path. */
@Catch()
export class ErrorFilter implements ExceptionFilter {
  constructor(
    @Inject(ERROR_DIALECTS) private readonly dialects: readonly ErrorDialect[],
    private readonly responses: OpenResponses,
    private readonly logger: Logger,
    private readonly routes: RouteMethods,
  ) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    this.answer(error, http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>());
  }

  /** Also for failures outside Nest, such as a target the router cannot read. */
  answer(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
    const path = pathOf(request.raw.url ?? '/');
    const failure = this.describe(error, path, reply);
    if (failure.status >= 500) this.log(error, request, reply, failure.status);
    if (reply.sent || reply.raw.headersSent) {
      reply.raw.destroy();
      return;
    }
    const requestId = String(reply.getHeader('x-request-id') ?? request.id);
    const { contentType, body, headers } = dialectOf(path, this.dialects).encode(failure, path, requestId);
    if (failure.status === 429 || failure.status === 503) {
      const seconds = failure.retryAfter ?? this.responses.retryAfter();
      void reply.header('retry-after', String(Math.ceil(seconds)));
      // Not in any standard, but the OpenAI libraries prefer it.
      void reply.header('retry-after-ms', String(Math.round(seconds * 1_000)));
    }
    void reply
      .code(answerStatus(failure, path, request.headers['user-agent']))
      .header('content-type', contentType)
      .header('x-content-type-options', 'nosniff')
      .headers(headers ?? {})
      .send(body);
  }

  /** A path that is there, but not for this method, is no unknown one. */
  private describe(error: unknown, path: string, reply: FastifyReply): Failure {
    const failure = describeFailure(error);
    const allowed = failure.code === 'unknown_route' ? this.routes.allowed(path) : [];
    if (allowed.length === 0) return failure;
    void reply.header('allow', allowed.join(', '));
    return describeFailure(new LongshoreError('method_not_allowed'));
  }

  /** Foreseen failures are the catalogue's and need no stack; anything else is a fault of ours. */
  private log(error: unknown, request: FastifyRequest, reply: FastifyReply, status: number): void {
    const fields = {
      requestId: reply.getHeader('x-request-id') ?? request.id,
      method: request.method,
      path: pathOf(request.raw.url ?? '/'),
      status,
    };
    if (isForeseen(error)) {
      this.logger.warn('a request could not be served', { ...fields, reason: error.message });
    } else {
      this.logger.error('a request failed unforeseen', { ...fields, error });
    }
  }
}

function isForeseen(error: unknown): error is Error {
  return error instanceof LongshoreError || error instanceof RouteFailure || error instanceof EngineRefusal;
}
