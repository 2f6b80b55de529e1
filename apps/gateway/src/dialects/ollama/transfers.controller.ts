import { Controller, Post, Req, Res } from '@nestjs/common';
import { checkContract, ENVELOPE_VERSION, PullJob } from '#contracts';
import { Pulls } from '#queue';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { GatewayConfig } from '../../gateway.config.js';
import { BLANK } from '../../http/half-closed-client.js';
import { StreamedAnswers } from '../../http/streamed-answers.js';
import { jsonResponse, type StreamedResponse } from '../../http/streamed-response.js';
import { referenceOf } from '../../models/decode-pull.js';
import { ModelTransfers } from '../../models/model-transfers.js';
import { progressLines } from '../../models/progress-lines.js';
import { CallDefaultsService } from './call-defaults.js';
import { conclude, PULLING, PUSHING, tellProgress } from './encode-progress.js';
import { decodeTransfer } from './decode-model.js';
import { type JsonObject, readBody } from './fields.js';
import { NDJSON, tellLines } from './stream-lines.js';
import { Operation } from '../../openapi/operation.js';
import { PULL, PUSH } from './operations.js';

interface Transfer {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly streaming: boolean;
  readonly begin: (signal: AbortSignal) => Promise<AsyncIterable<readonly JsonObject[]>>;
}

/** What moves whole models, as the Ollama API tells of it. */
@Controller('api')
export class OllamaTransfersController {
  constructor(
    private readonly pulls: Pulls,
    private readonly transfers: ModelTransfers,
    private readonly defaults: CallDefaultsService,
    private readonly answers: StreamedAnswers,
    private readonly config: GatewayConfig,
  ) {}

  /** Hanging up leaves the pull running. */
  @Post('pull')
  @Operation(PULL)
  async pull(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { model, streaming } = decodeTransfer(readBody(request.body));
    const reference = referenceOf(model, this.config.defaultRegistry);
    const job = checkContract(PullJob, { version: ENVELOPE_VERSION, reference });
    await this.answer({
      request,
      reply,
      streaming,
      begin: async (signal) => {
        const lines = tellProgress(progressLines(this.pulls.follow(job, signal)), PULLING);
        return this.forgetting(lines, reference);
      },
    });
  }

  @Post('push')
  @Operation(PUSH)
  async push(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { model, streaming } = decodeTransfer(readBody(request.body));
    const reference = referenceOf(model, this.config.defaultRegistry);
    await this.answer({
      request,
      reply,
      streaming,
      begin: async (signal) => tellProgress(await this.transfers.push({ model, reference }, signal), PUSHING),
    });
  }

  private async answer({ request, reply, streaming, begin }: Transfer): Promise<void> {
    const produce = async (signal: AbortSignal): Promise<StreamedResponse> => {
      const lines = await begin(signal);
      if (streaming) return { status: 200, headers: { 'content-type': NDJSON }, body: tellLines(lines) };
      return jsonResponse(await conclude(lines));
    };
    await this.answers.write({ request, reply, produce, ...(streaming && { filler: BLANK }) });
  }

  /** What was made under a name is gone when a model is pulled by it. */
  private async *forgetting(
    lines: AsyncIterable<readonly JsonObject[]>,
    reference: string,
  ): AsyncGenerator<readonly JsonObject[], void, void> {
    for await (const batch of lines) {
      if (batch.some(({ status }) => status === 'success')) await this.defaults.forget(reference);
      yield batch;
    }
  }
}
