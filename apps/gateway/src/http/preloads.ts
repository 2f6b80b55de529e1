import { Injectable } from '@nestjs/common';
import type { EngineName, Mode } from '#contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ModelLoads } from '../engines/model-loads.js';
import { StreamedAnswers } from './streamed-answers.js';
import type { StreamedResponse } from './streamed-response.js';

export interface PreloadCall {
  /** As the caller wrote it. */
  readonly model: string;
  readonly mode: Mode;
  /** The engine the path named. */
  readonly engine?: EngineName;
}

/** Inference calls that only want their model ready. */
@Injectable()
export class Preloads {
  constructor(
    private readonly loads: ModelLoads,
    private readonly answers: StreamedAnswers,
  ) {}

  /**
   * Answers with nothing once the model is ready. A client that goes away leaves the load going on.
   * @throws LongshoreError what the load failed with
   */
  async answer(request: FastifyRequest, reply: FastifyReply, call: PreloadCall): Promise<void> {
    request.body = undefined;
    const produce = async (signal: AbortSignal): Promise<StreamedResponse> => {
      await this.loads.loadNamed(call, signal);
      return { status: 200, headers: { 'content-length': '0' }, body: nothing() };
    };
    await this.answers.write({ request, reply, produce });
  }
}

async function* nothing(): AsyncGenerator<Buffer, void, void> {}
