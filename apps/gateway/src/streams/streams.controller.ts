import { Controller, Delete, Get, HttpCode, Req, Res } from '@nestjs/common';
import { LongshoreError } from '#contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { encodeStreamFailure } from '../dialects/openai/encode-error.js';
import { StreamedAnswers } from '../http/streamed-answers.js';
import { ANSWER_HEADERS } from '../openapi/inference.js';
import { Operation, type OperationParameter } from '../openapi/operation.js';
import { ANYTHING, COUNT, eventsOf, TEXT } from '../openapi/schema.js';
import { digestKey, readCount, readLastEventId } from './read-resumption.js';
import { type StreamName, Streams } from './streams.js';

interface StreamPath {
  Params: { id: string };
  Querystring: { after?: string | string[] };
}

const ID: OperationParameter = {
  name: 'id',
  in: 'path',
  description: 'A request id, as in `x-longshore-request`, or an idempotency key.',
  schema: { ...TEXT, minLength: 1, maxLength: 255 },
};

/** Answers that are being made or were made lately, by request id or idempotency key, whoever began them. */
@Controller('v1/streams')
export class StreamsController {
  constructor(
    private readonly streams: Streams,
    private readonly answers: StreamedAnswers,
  ) {}

  /** The whole answer, or what comes after `?after=n` or `Last-Event-ID: n`, and on until its end. */
  @Operation({
    summary: 'Read an answer again, or go on reading it',
    tags: ['Streams'],
    parameters: [
      ID,
      { name: 'after', in: 'query', description: 'Only the events after this number.', schema: COUNT },
      {
        name: 'Last-Event-ID',
        in: 'header',
        description: 'The same; counts where both are given.',
        schema: COUNT,
      },
    ],
    answers: {
      '2XX': {
        description: 'What the engine answered, with its own status and type.',
        content: { 'text/event-stream': eventsOf('The events, numbered.'), 'application/json': ANYTHING },
        headers: ANSWER_HEADERS,
      },
    },
    errors: ['stream_not_found', 'redis_unavailable', 'cancelled', 'engine_failed', 'deadline_exceeded'],
  })
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
  @Operation({
    summary: 'Cancel a request',
    tags: ['Streams'],
    parameters: [ID],
    answers: { 204: { description: 'It is cancelled.' } },
    errors: ['stream_not_found', 'redis_unavailable'],
  })
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
