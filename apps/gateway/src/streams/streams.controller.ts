import { Controller, Delete, Get, HttpCode, Req, Res } from '@nestjs/common';
import { LongshoreError } from '#contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { encodeStreamFailure } from '../dialects/openai/encode-error.js';
import { StreamedAnswers } from '../http/streamed-answers.js';
import { digestKey, readCount, readLastEventId } from './read-resumption.js';
import { type StreamName, Streams } from './streams.js';

interface StreamPath {
  Params: { id: string };
  Querystring: { after?: string | string[] };
}

/** Answers that are being made or were made lately, by request id or idempotency key, whoever began them. */
@Controller('v1/streams')
export class StreamsController {
  constructor(
    private readonly streams: Streams,
    private readonly answers: StreamedAnswers,
  ) {}

  /** The whole answer, or what comes after `?after=n` or `Last-Event-ID: n`, and on until its end. */
  @Get(':id')
  async follow(@Req() request: FastifyRequest<StreamPath>, @Res() reply: FastifyReply): Promise<void> {
    const name = nameOf(request);
    const after = readAfter(request);
    await this.answers.write({
      request,
      reply,
      encodeStreamFailure,
      produce: (signal) => this.streams.follow(name, { after, eventIds: true }, signal),
    });
  }

  /** Stops the request, wherever it is. */
  @Delete(':id')
  @HttpCode(204)
  async cancel(@Req() request: FastifyRequest<StreamPath>): Promise<void> {
    await this.streams.cancel(nameOf(request));
  }
}

function nameOf(request: FastifyRequest<StreamPath>): StreamName {
  const { id } = request.params;
  try {
    return { text: id, key: digestKey(id, request.headers) };
  } catch {
    throw new LongshoreError(
      'invalid_request',
      'The path must name a request id, as in x-longshore-request, or an idempotency key.',
    );
  }
}

/** The header counts where both are given: clients that reconnect by themselves repeat the URL and add the header. */
function readAfter(request: FastifyRequest<StreamPath>): number {
  const last = readLastEventId(request.headers);
  const { after } = request.query;
  const start = after === undefined ? undefined : readCount(String(after), 'after');
  return last ?? start ?? 0;
}
