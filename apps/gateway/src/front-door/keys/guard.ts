import type { Catalogue, KeyUsage, LimitVerdict } from '#cluster';
import { type ApiKey, LongshoreError } from '#contracts';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { findByLastSegment } from '../../models/find-by-last-segment.js';
import { Account } from './account.js';
import { type Caller, callerOf, mayDo, setCaller } from './caller.js';
import type { KeyRing } from './key-ring.js';
import { onlyAllowed } from './listed-models.js';
import { ModelPatterns } from './model-patterns.js';
import type { NamedModels } from './named-models.js';
import { pathKeyOf } from './path-key.js';
import { readCredentials } from './read-credentials.js';
import { type RouteRule, ruleOf } from './route-rules.js';

export interface GuardParts {
  readonly ring: KeyRing;
  readonly usage: KeyUsage;
  readonly catalogue: Catalogue;
  readonly defaultRegistry: string;
  /** For so long after it was accepted an answer can be asked for; ms. */
  readonly keptFor: { readonly answers: number; readonly responses: number };
}

/** Where nothing says what a route needs. */
const UNLISTED: RouteRule = { needs: 'admin', names: () => ({ existing: [], all: true }) };

/** A path that leads nowhere is told to who has a key only. */
const NOWHERE: RouteRule = { needs: 'any key', names: () => ({ existing: [] }) };

/** Bodies up to this size are read and dropped when their request is refused; the connection of larger ones is closed. */
const SMALL_BODY = 64 * 1024;

/** Models that one request of a key may name, where the key may name some only: each is looked up. */
const MOST_NAMES = 1_000;

/**
 * Asks every request for an API key: before its body is read, who it is from, whether its route is for them, and whether
 * their limits have room for it; before its handler runs, whether the models it names are theirs.
 */
export class Guard {
  constructor(private readonly parts: GuardParts) {}

  install(fastify: FastifyInstance): void {
    fastify.addHook('onRequest', (request, reply) => this.admit(request, reply));
    fastify.addHook('preHandler', async (request) => this.checkModels(request));
    fastify.addHook('preHandler', async (request) => this.checkOwner(request));
    fastify.addHook('preHandler', (request, _reply, done) => this.keepAccount(request, done));
    fastify.addHook('preSerialization', async (request, _reply, payload) => this.filter(request, payload));
  }

  private async admit(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const rule = ruleFor(request);
    if (rule.needs === 'nothing') return;
    try {
      const caller = await this.identify(request, reply);
      setCaller(request.raw, caller);
      hideCredentials(request, caller);
      if (rule.needs !== 'any key' && !mayDo(caller, rule.needs))
        throw new LongshoreError('not_allowed', `This API key lacks the scope "${rule.needs}".`);
      if (rule.counts === true && caller.key !== undefined) await this.takeTurn(caller.key, reply);
    } catch (error) {
      if (isLarge(request)) void reply.header('connection', 'close');
      throw error;
    }
  }

  private async identify(request: FastifyRequest, reply: FastifyReply): Promise<Caller> {
    const { headers, raw } = request;
    const credentials = readCredentials(headers);
    const pathKey = pathKeyOf(raw);
    const caller = await this.parts.ring.identify(
      pathKey === undefined ? credentials : [pathKey, ...credentials],
    );
    if (caller !== undefined) return caller;
    const none = pathKey === undefined && credentials.length === 0;
    void reply.header('www-authenticate', `Bearer realm="longshore"${none ? '' : ', error="invalid_token"'}`);
    throw new LongshoreError(
      'invalid_api_key',
      none
        ? 'An API key is needed: send it as "Authorization: Bearer <key>", as x-api-key, or as the password of Basic.'
        : 'The API key is unknown, has expired or was revoked.',
    );
  }

  private async takeTurn(key: ApiKey, reply: FastifyReply): Promise<void> {
    const { requestsPerMinute, tokensPerMinute } = key;
    if (requestsPerMinute === undefined && tokensPerMinute === undefined) return;
    const verdict = await this.parts.usage.begin(key.id, key);
    tellLimits(key, verdict, reply);
    if (verdict.exhausted === undefined) return;
    const limit = verdict.exhausted === 'requests' ? requestsPerMinute : tokensPerMinute;
    const message = `This API key may use ${limit} ${verdict.exhausted} a minute, and has.`;
    throw new LongshoreError('rate_limited', message, undefined, verdict.retryAfter / 1_000);
  }

  private async checkModels(request: FastifyRequest): Promise<void> {
    const models = callerOf(request.raw)?.key?.models;
    if (models === undefined) return;
    const patterns = new ModelPatterns(models, this.parts.defaultRegistry);
    const { existing, given = [], all = false }: NamedModels = ruleFor(request).names(request);
    if (all || existing.length + given.length > MOST_NAMES)
      throw new LongshoreError(
        'not_allowed',
        'This API key may name some models only, and this concerns others.',
      );
    for (const name of given) if (!patterns.allowsName(name)) throw notAllowed(name);
    for (const name of existing) if (!(await this.isAllowed(name, patterns))) throw notAllowed(name);
  }

  /** What a name leads to counts, not how it is written: ids and shortened names lead to models, too. */
  private async isAllowed(name: string, patterns: ModelPatterns): Promise<boolean> {
    const { catalogue } = this.parts;
    const model = (await catalogue.find(name)) ?? findByLastSegment(await catalogue.list(), name);
    return model === undefined ? patterns.allowsName(name) : patterns.allowsModel(model);
  }

  /** Ids of responses follow one another, so that knowing one's own tells those of others. */
  private async checkOwner(request: FastifyRequest): Promise<void> {
    const caller = callerOf(request.raw);
    const { owned } = ruleFor(request);
    if (owned === undefined || caller === undefined || mayDo(caller, 'admin')) return;
    for (const digest of owned(request)) {
      const owner = await this.parts.usage.ownerOf(digest);
      if (owner !== caller.id) throw new LongshoreError('stream_not_found');
    }
  }

  private keepAccount(request: FastifyRequest, done: () => void): void {
    const key = callerOf(request.raw)?.key;
    const { counts, keeps, owned } = ruleFor(request);
    if (key === undefined || (counts !== true && owned === undefined)) return done();
    const { usage, keptFor } = this.parts;
    const ttl = keeps === true ? keptFor.responses : keptFor.answers;
    const charge = (tokens: number, requestId?: string): void => {
      const answer = requestId === undefined ? undefined : { requestId, ttl };
      usage.charge(key.id, key, tokens, answer).catch(() => undefined);
    };
    const own = (requestId: string): void => usage.own(key.id, requestId, ttl);
    Account.during({ own, ...(key.tokensPerMinute !== undefined && { charge }) }, done);
  }

  private filter(request: FastifyRequest, payload: unknown): unknown {
    const models = callerOf(request.raw)?.key?.models;
    if (models === undefined || ruleFor(request).lists !== true) return payload;
    return onlyAllowed(payload, new ModelPatterns(models, this.parts.defaultRegistry));
  }
}

function ruleFor(request: FastifyRequest): RouteRule {
  if (request.is404) return NOWHERE;
  return ruleOf(request.method, request.routeOptions.url ?? '') ?? UNLISTED;
}

/** From here on a request says who it is from by the id of the key, however the key came; the key itself is gone. */
function hideCredentials({ raw }: FastifyRequest, { id }: Caller): void {
  raw.headers.authorization = `Longshore ${id}`;
  delete raw.headers['x-api-key'];
}

function isLarge({ headers }: FastifyRequest): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > SMALL_BODY;
}

function notAllowed(name: string): LongshoreError {
  return new LongshoreError(
    'not_allowed',
    `This API key may not name the model ${JSON.stringify(name.slice(0, 200))}.`,
  );
}

function tellLimits(key: ApiKey, verdict: LimitVerdict, reply: FastifyReply): void {
  const headers = {
    'x-ratelimit-limit-requests': key.requestsPerMinute,
    'x-ratelimit-remaining-requests': verdict.remainingRequests,
    'x-ratelimit-limit-tokens': key.tokensPerMinute,
    'x-ratelimit-remaining-tokens': verdict.remainingTokens,
  };
  for (const [name, value] of Object.entries(headers))
    if (value !== undefined) void reply.header(name, String(value));
}
