import { Controller, Post, Req, Res } from '@nestjs/common';
import type { EngineRoute } from '#contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CompletionRelay } from '../../http/completion-relay.js';
import { engineOf } from '../../http/engine-of.js';
import { pathOf } from '../../http/error-dialect.js';
import { Operation } from '../../openapi/operation.js';
import { decodeRequest } from './decode-request.js';
import { encodeStreamFailure } from './encode-error.js';
import { inferenceOperation } from './operations.js';
import { OPENAI_PREFIXES, UNVERSIONED_PREFIXES } from './prefixes.js';
import { RANKING, RERANK_REQUEST, SCORE_REQUEST, SCORES } from './schemas.js';

interface RerankPath {
  Params: { engine?: string };
}

/** The calls that rate texts against each other. They pass through like those of the OpenAI API. */
@Controller([...OPENAI_PREFIXES, ...UNVERSIONED_PREFIXES])
export class RerankController {
  constructor(private readonly relay: CompletionRelay) {}

  @Operation(inferenceOperation({ summary: 'Rank texts', request: RERANK_REQUEST, answer: RANKING }))
  @Post('rerank')
  rerank(@Req() request: FastifyRequest<RerankPath>, @Res() reply: FastifyReply): Promise<void> {
    return this.infer(request, reply, isVersioned(request) ? '/v1/rerank' : '/rerank');
  }

  @Operation(inferenceOperation({ summary: 'Rate pairs of texts', request: SCORE_REQUEST, answer: SCORES }))
  @Post('score')
  score(@Req() request: FastifyRequest<RerankPath>, @Res() reply: FastifyReply): Promise<void> {
    return this.infer(request, reply, isVersioned(request) ? '/v1/score' : '/score');
  }

  private infer(request: FastifyRequest<RerankPath>, reply: FastifyReply, route: EngineRoute): Promise<void> {
    const engine = engineOf(request.params.engine);
    const decoded = decodeRequest(request.body);
    const body = request.body as string;
    const call = { ...decoded, streaming: false, route, body, encodeStreamFailure };
    return this.relay.relay(request, reply, { ...call, ...(engine && { engine }) });
  }
}

function isVersioned(request: FastifyRequest<RerankPath>): boolean {
  return /\/v1\/[^/]+\/?$/.test(pathOf(request.raw.url ?? '/'));
}
