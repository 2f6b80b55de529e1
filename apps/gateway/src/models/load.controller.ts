import { Controller, Post, Query, Req, Res } from '@nestjs/common';
import type { ProgressLine } from '#contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { GatewayConfig } from '../gateway.config.js';
import { RouteFailure } from '../http/failure.js';
import { StreamedAnswers } from '../http/streamed-answers.js';
import type { StreamedResponse } from '../http/streamed-response.js';
import { decodePackage } from './decode-package.js';
import { ModelTransfers } from './model-transfers.js';
import { progressHead } from './progress-head.js';
import type { Upload } from './store-client.js';
import { Operation } from '../openapi/operation.js';
import { LOAD, PACKAGE } from './operations.js';

interface Receiving {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  /** What the client reads when it worked. */
  readonly message: string;
}

/** Brings models into the cluster out of what a client sends, which goes on to a worker as it comes. */
@Controller('models')
export class LoadController {
  constructor(
    private readonly transfers: ModelTransfers,
    private readonly answers: StreamedAnswers,
    private readonly config: GatewayConfig,
  ) {}

  @Operation(LOAD)
  @Post('load')
  async load(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const upload = this.uploadOf(request, 'application/x-tar');
    await this.receive({ request, reply, message: 'Model loaded successfully' }, (signal) =>
      this.transfers.load(upload, signal),
    );
  }

  /** Makes a model of one GGUF file, or of a tar archive of files; which of them, the content type says. */
  @Operation(PACKAGE)
  @Post('package')
  async package(
    @Query() query: Readonly<Record<string, unknown>>,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const type = request.headers['content-type'] ?? '';
    const upload = this.uploadOf(
      request,
      /x-tar/i.test(type) ? 'application/x-tar' : 'application/octet-stream',
    );
    await this.receive({ request, reply, message: 'Model packaged successfully' }, async (signal) => {
      const packaging = decodePackage(query, this.config.defaultRegistry);
      if (upload.length === undefined)
        throw new RouteFailure(411, 'the length of the files is needed: send Content-Length');
      return this.transfers.package(packaging, upload, signal);
    });
  }

  private uploadOf({ raw, headers }: FastifyRequest, contentType: string): Upload {
    const length = Number(headers['content-length']);
    return {
      body: raw,
      contentType,
      stallTimeoutMs: this.config.clientStallTimeout,
      ...(Number.isSafeInteger(length) ? { length } : {}),
    };
  }

  /** @param store passes the body on; its result is the id of the model */
  private async receive(
    { request, reply, message }: Receiving,
    store: (signal: AbortSignal) => Promise<string>,
  ): Promise<void> {
    const produce = async (signal: AbortSignal): Promise<StreamedResponse> => {
      const modelId = await store(signal);
      const headers = { ...progressHead(request), 'x-longshore-model': modelId };
      return { status: 200, headers, body: success(message) };
    };
    try {
      await this.answers.write({ request, reply, produce });
    } catch (error) {
      void reply.header('connection', 'close');
      throw error;
    } finally {
      // What the client has still to send is not wanted.
      request.raw.resume();
    }
  }
}

async function* success(message: string): AsyncGenerator<Buffer, void, void> {
  const layer = { size: 0, current: 0 };
  const line: ProgressLine = { type: 'success', message, total: 0, layer, mode: 'pull' };
  yield Buffer.from(`${JSON.stringify(line)}\n`);
}
