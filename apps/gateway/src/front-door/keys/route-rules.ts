import type { FastifyRequest } from 'fastify';
import type { Scope } from '#contracts';
import {
  ALL_MODELS,
  inAction,
  inBody,
  inBodyOrAll,
  inPath,
  inQueryOrAll,
  newInBody,
  newInQuery,
  NO_MODEL,
  type ReadNames,
} from './named-models.js';
import { ownedPrevious, ownedResponse, ownedStream, type ReadOwned } from './owned-responses.js';

/** What a caller needs for a route, where keys are asked for. */
export interface RouteRule {
  /** `nothing`: open to everybody; `any key`: whatever its scopes. */
  readonly needs: Scope | 'any key' | 'nothing';
  /** What models a request names, of which keys may be kept to some; absent where `needs` is `nothing`. */
  readonly names: ReadNames;
  /** Whether the answer lists models; keys are shown theirs. */
  readonly lists?: boolean;
  /** What responses a request names, which must have been made for its key. */
  readonly owned?: ReadOwned;
  /** Whether what a request makes is kept as a response. */
  readonly keeps?: boolean;
  /** Whether a request uses up what its key may ask in a minute. */
  readonly counts?: boolean;
}

const OPEN: RouteRule = { needs: 'nothing', names: NO_MODEL };
const READING: RouteRule = { needs: 'inference', names: NO_MODEL };
const READING_RESPONSE: RouteRule = { ...READING, owned: ownedResponse };
const LISTING: RouteRule = { needs: 'inference', names: NO_MODEL, lists: true };
const ADMIN: RouteRule = { needs: 'admin', names: ALL_MODELS };

const OPENAI = ['/v1', '/engines/v1', '/engines/:engine/v1'];
const UNVERSIONED = ['', '/engines', '/engines/:engine'];
const RESPONSES = ['/responses', '/engines/responses', ...OPENAI.map((prefix) => `${prefix}/responses`)];
const MESSAGES = ['/anthropic/v1', ...OPENAI].map((prefix) => `${prefix}/messages`);

/** Every route there is, by method and path; `*` is any method. A route that is not here is the administrator's alone. */
const RULES: ReadonlyMap<string, RouteRule> = new Map([
  ...each(['* /', '* /version', 'GET /health/live', 'GET /health/accepting', 'GET /health/ready'], OPEN),
  ...each(['GET /engines/status', 'GET /openapi.json'], OPEN),
  ['GET /metrics', { needs: 'any key', names: NO_MODEL }],

  ...each(
    paths('POST', OPENAI, '/chat/completions', '/completions', '/embeddings', '/images/generations'),
    asking(inBody('model')),
  ),
  ...each(paths('POST', [...OPENAI, ...UNVERSIONED], '/rerank', '/score'), asking(inBody('model'))),
  ...each(paths('GET', [...OPENAI, '/anthropic/v1'], '/models'), LISTING),
  ...each(paths('GET', [...OPENAI, '/anthropic/v1'], '/models/*'), { needs: 'inference', names: inPath() }),
  ...each(paths('POST', RESPONSES, '', '/input_tokens'), {
    ...asking(inBody('model')),
    owned: ownedPrevious,
    keeps: true,
  }),
  ...each(paths('GET', RESPONSES, '/:id', '/:id/input_items'), READING_RESPONSE),
  ...each(paths('POST', RESPONSES, '/:id/cancel'), READING_RESPONSE),
  ...each(paths('DELETE', RESPONSES, '/:id'), READING_RESPONSE),
  ...each(paths('POST', MESSAGES, '', '/count_tokens'), asking(inBody('model'))),
  ...each(['GET /v1/streams/:id', 'DELETE /v1/streams/:id'], { ...READING, owned: ownedStream }),

  ...each(['GET /api/version'], OPEN),
  ...each(['GET /api/tags', 'GET /api/ps'], LISTING),
  ...each(['POST /api/show'], { needs: 'inference', names: inBody('model', 'name') }),
  ...each(
    paths('POST', ['/api'], '/chat', '/generate', '/embed', '/embeddings'),
    asking(inBody('model', 'name')),
  ),
  ...each(['POST /api/pull', 'POST /api/push'], managing(newInBody('model', 'name'))),
  ...each(['DELETE /api/delete'], managing(inBody('model', 'name'))),
  ...each(['POST /api/copy'], managing(both(inBody('source'), newInBody('destination')))),
  ...each(['POST /api/create'], managing(both(inBody('from'), newInBody('model', 'name')))),

  ...each(['HEAD /api/blobs/:digest', 'POST /api/blobs/:digest'], managing(NO_MODEL)),

  ['GET /models', LISTING],
  ['GET /models/*', { needs: 'inference', names: inPath('export') }],
  ['POST /models/*', managing(inAction)],
  ['DELETE /models/*', managing(inPath())],
  ['DELETE /models/purge', managing(ALL_MODELS)],
  ['POST /models/create', managing(newInBody('from'))],
  ['DELETE /models/create', managing(newInQuery('from'))],
  ['POST /models/load', managing(ALL_MODELS)],
  ['POST /models/package', managing(newInQuery('target'))],

  ['GET /engines/ps', LISTING],
  ['GET /engines/df', READING],
  ['POST /engines/unload', managing(inBodyOrAll('models', 'model'))],
  ...each(
    ['POST /engines/_configure', 'POST /engines/:engine/_configure'],
    managing(inBody('model', 'speculative.draft_model')),
  ),
  ...each(['GET /engines/_configure', 'GET /engines/:engine/_configure'], managing(inQueryOrAll('model'))),
  ...each(['POST /engines/install-backend', 'POST /engines/uninstall-backend'], managing(NO_MODEL)),
  // Both tell what others have asked.
  ['GET /engines/requests', ADMIN],
  ['GET /logs', ADMIN],

  ...each(['POST /keys', 'GET /keys', 'DELETE /keys/:id'], ADMIN),
]);

/** @param url the path as it was registered, such as `/v1/models/*` */
export function ruleOf(method: string, url: string): RouteRule | undefined {
  const own = RULES.get(`${method} ${url}`) ?? RULES.get(`* ${url}`);
  return own === undefined && method === 'HEAD' ? RULES.get(`GET ${url}`) : own;
}

function asking(names: ReadNames): RouteRule {
  return { needs: 'inference', names, counts: true };
}

function managing(names: ReadNames): RouteRule {
  return { needs: 'models', names };
}

function both(one: ReadNames, other: ReadNames): ReadNames {
  return (request: FastifyRequest) => {
    const [first, second] = [one(request), other(request)];
    return {
      existing: [...first.existing, ...second.existing],
      given: [...(first.given ?? []), ...(second.given ?? [])],
    };
  };
}

function paths(method: string, prefixes: readonly string[], ...ends: readonly string[]): string[] {
  return prefixes.flatMap((prefix) => ends.map((end) => `${method} ${prefix}${end}`));
}

function each(routes: readonly string[], rule: RouteRule): [string, RouteRule][] {
  return routes.map((route) => [route, rule]);
}
