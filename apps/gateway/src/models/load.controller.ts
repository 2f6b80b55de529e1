import { Controller, Post, Req, Res } from '@nestjs/common';
import type { ProgressLine } from '#contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { GatewayConfig } from '../gateway.config.js';
import { StreamedAnswers } from '../http/streamed-answers.js';
import type { StreamedResponse } from '../http/streamed-response.js';
import { ModelTransfers } from './model-transfers.js';
import { progressHead } from './progress-head.js';

const LOADED: ProgressLine = {
  type: 'success',
  message: 'Model loaded successfully',
  total: 0,
  layer: { size: 0, current: 0 },
  mode: 'pull',
};

/** Brings a model into the cluster from a tar archive, which goes on to a worker as it comes. */
@Controller('models')
export class LoadController {
  constructor(
    private readonly transfers: ModelTransfers,
    private readonly answers: StreamedAnswers,
    private readonly config: GatewayConfig,
  ) {}

  @Post('load')
  async load(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const length = Number(request.headers['content-length']);
    const upload = {
      body: request.raw,
      contentType: 'application/x-tar',
      stallTimeoutMs: this.config.clientStallTimeout,
      ...(Number.isSafeInteger(length) ? { length } : {}),
    };
    const produce = async (signal: AbortSignal): Promise<StreamedResponse> => {
      const modelId = await this.transfers.load(upload, signal);
      const headers = { ...progressHead(request), 'x-longshore-model': modelId };
      return { status: 200, headers, body: success() };
    };
    try {
      await this.answers.write({ request, reply, produce });
    } catch (error) {
      // What the client has still to send is not wanted.
      void reply.header('connection', 'close');
      request.raw.resume();
      throw error;
    }
  }
}

async function* success(): AsyncGenerator<Buffer, void, void> {
  yield Buffer.from(`${JSON.stringify(LOADED)}\n`);
}
