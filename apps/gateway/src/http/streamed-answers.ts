import { Injectable } from '@nestjs/common';
import { LongshoreError } from '#contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { GatewayConfig } from '../gateway.config.js';
import { OpenResponses } from './open-responses.js';
import { writeResponse, type StreamedResponse, type WriteResult } from './write-response.js';

export interface StreamedAnswer {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  /** Starts the work. `signal` aborts when the client goes away, at any time until the answer is complete. */
  readonly produce: (signal: AbortSignal) => Promise<StreamedResponse>;
  readonly onFirstByte?: () => void;
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
   * @throws LongshoreError `too_many_requests`, and what the work fails with before the first byte of its answer.
   */
  async write(answer: StreamedAnswer): Promise<WriteResult> {
    const open = this.responses.begin();
    if (open === undefined) throw new LongshoreError('too_many_requests');
    const connection = answer.request.raw.socket;
    const client = new AbortController();
    const onClose = (): void => client.abort();
    connection.once('close', onClose);
    if (connection.destroyed) onClose();
    try {
      return await this.run(answer, client.signal);
    } catch (error) {
      if (!client.signal.aborted) throw error;
      answer.reply.hijack();
      return { outcome: 'client-gone', bytes: 0 };
    } finally {
      connection.off('close', onClose);
      open.end();
    }
  }

  private async run(answer: StreamedAnswer, signal: AbortSignal): Promise<WriteResult> {
    const { reply } = answer;
    const response = await answer.produce(signal);
    return writeResponse(reply.raw, response, {
      headers: { 'x-request-id': String(reply.getHeader('x-request-id')) },
      stallTimeoutMs: this.config.clientStallTimeout,
      onBegin: () => {
        reply.hijack();
        answer.onFirstByte?.();
      },
      encodeStreamFailure: answer.encodeStreamFailure ?? (() => ''),
    });
  }
}
