import { Injectable } from '@nestjs/common';
import { LongshoreError } from '#contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { GatewayConfig } from '../gateway.config.js';
import { COMMENT, HalfClosedClient, type Filler } from './half-closed-client.js';
import { OpenResponses } from './open-responses.js';
import { isEventStream, type StreamedResponse } from './streamed-response.js';
import { ResponseWriter, type WriteResult } from './write-response.js';

export interface StreamedAnswer {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  /**
   * Starts the work. `signal` aborts when the client goes away, at any time until the answer is complete. Until it
   * resolves the writer takes comments, where the answer is to be an event stream. Headers set on the reply meanwhile
   * go out with the head.
   */
  readonly produce: (signal: AbortSignal, writer: ResponseWriter) => Promise<StreamedResponse>;
  readonly onFirstByte?: () => void;
  /** Called with each chunk of the body that is sent, and with each comment. */
  readonly onChunk?: (chunk: Buffer) => void;
  /** What may stand between the lines of the body; event streams have theirs. */
  readonly filler?: Filler;
  readonly encodeStreamFailure?: (error: unknown) => string;
}

/** Runs work whose answer is written as it comes, and ties the life of the work to that of the client's connection. */
@Injectable()
export class StreamedAnswers {
  constructor(
    private readonly responses: OpenResponses,
    private readonly config: GatewayConfig,
  ) {}

  /**
   * Resolves when the answer has ended, one way or another.
   * @throws LongshoreError `too_many_requests`, and what the work fails with before anything was sent.
   */
  async write(answer: StreamedAnswer): Promise<WriteResult> {
    const open = this.responses.begin();
    if (open === undefined) throw new LongshoreError('too_many_requests');
    const connection = answer.request.raw.socket;
    const client = new AbortController();
    const onClose = (): void => client.abort();
    // Not `once`, which keeps three more objects for as long as the answer goes on.
    connection.on('close', onClose);
    if (connection.destroyed) onClose();
    const halfClosed = new HalfClosedClient(answer.request.raw, answer.reply.raw);
    try {
      return await this.run(answer, client.signal, halfClosed);
    } catch (error) {
      if (!client.signal.aborted) throw error;
      answer.reply.hijack();
      return { outcome: 'client-gone', bytes: 0 };
    } finally {
      halfClosed.stop();
      connection.off('close', onClose);
      open.end();
    }
  }

  private async run(
    answer: StreamedAnswer,
    signal: AbortSignal,
    halfClosed: HalfClosedClient,
  ): Promise<WriteResult> {
    const { reply, onFirstByte, onChunk } = answer;
    let response: StreamedResponse | undefined;
    const writer = new ResponseWriter(reply.raw, {
      headers: () => reply.getHeaders(),
      stallTimeoutMs: this.config.clientStallTimeout,
      onBegin: () => {
        reply.hijack();
        halfClosed.fillWith(response === undefined || isEventStream(response) ? COMMENT : answer.filler);
      },
      ...(onFirstByte && { onFirstByte }),
      onChunk: (chunk) => {
        halfClosed.sent(chunk);
        onChunk?.(chunk);
      },
      encodeStreamFailure: answer.encodeStreamFailure ?? (() => ''),
    });
    try {
      response = await answer.produce(signal, writer);
    } catch (error) {
      if (!writer.headSent) throw error;
      return writer.fail(error);
    }
    return writer.write(response);
  }
}
