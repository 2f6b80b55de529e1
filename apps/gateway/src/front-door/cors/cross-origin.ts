import type { FastifyReply, FastifyRequest } from 'fastify';
import { pathOf } from '../../http/error-dialect.js';
import type { OriginRules } from './origin-rules.js';

/** What a request from a web page comes to. */
export type CrossOriginOutcome = 'goes on' | 'answered';

/** These are asked by people, probes and monitoring; whose page it is makes no difference. */
const UNWRAPPED = /^\/(?:|version|logs|metrics|health\/[^/]*)\/?$/;

const METHODS = 'GET, POST, DELETE';

/** Named one by one, because `*` does not cover Authorization; what else a page asks for is added. */
const REQUEST_HEADERS = [
  'Authorization',
  'x-api-key',
  'Content-Type',
  'Accept',
  'Idempotency-Key',
  'Last-Event-ID',
  'X-Request-Id',
  'X-Request-Timeout',
  'X-Priority',
  'X-Queue-Notices',
  'X-Preload-Only',
  'X-Stream-Ids',
  'X-Longshore-Resumable',
];
const HEADER_NAME = /^[\w!#$%&'*+.^`|~-]{1,100}$/;
/** Further headers that are taken up from one question. */
const MOST_HEADERS = 50;

const ANSWER_HEADERS = [
  'x-request-id',
  'request-id',
  'x-longshore-request',
  'x-longshore-worker',
  'x-longshore-placement',
  'x-longshore-model',
  'x-longshore-queue-position',
  'x-longshore-queue-eta',
  'x-ratelimit-limit-requests',
  'x-ratelimit-remaining-requests',
  'x-ratelimit-limit-tokens',
  'x-ratelimit-remaining-tokens',
  'retry-after',
  'retry-after-ms',
  'www-authenticate',
].join(', ');

/** How long a browser may remember what it was allowed; s. */
const PREFLIGHT_AGE_S = '600';

/**
 * Lets web pages of allowed origins ask, and refuses all others outright: a page that cannot read the answer could still
 * have had its effect. Headers set here go out with every answer, also with streams and failures.
 */
export class CrossOrigin {
  constructor(private readonly rules: OriginRules) {}

  apply(request: FastifyRequest, reply: FastifyReply): CrossOriginOutcome {
    if (UNWRAPPED.test(pathOf(request.raw.url ?? '/'))) return 'goes on';
    // Also of answers to who sends none: a cache in between must not give them to a page.
    void reply.header('vary', 'Origin');
    const { origin } = request.headers;
    if (origin === undefined || origin === '') return 'goes on';
    if (!this.rules.allows(origin)) {
      void reply.code(403).header('content-type', 'text/plain; charset=utf-8');
      void reply.header('x-content-type-options', 'nosniff').send('Origin not allowed\n');
      return 'answered';
    }
    void reply.header('access-control-allow-origin', origin);
    void reply.header('access-control-allow-credentials', 'true');
    if (request.method !== 'OPTIONS') {
      void reply.header('access-control-expose-headers', ANSWER_HEADERS);
      return 'goes on';
    }
    void reply
      .code(204)
      .header('access-control-allow-methods', METHODS)
      .header('access-control-allow-headers', allowedHeaders(request))
      .header('access-control-max-age', PREFLIGHT_AGE_S)
      .send();
    return 'answered';
  }
}

function allowedHeaders({ headers }: FastifyRequest): string {
  const asked = (headers['access-control-request-headers'] ?? '').split(',', MOST_HEADERS);
  const known = new Set(REQUEST_HEADERS.map((name) => name.toLowerCase()));
  const further = asked.map((name) => name.trim()).filter((name) => HEADER_NAME.test(name));
  return [...REQUEST_HEADERS, ...further.filter((name) => !known.has(name.toLowerCase()))].join(', ');
}
