import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { LongshoreError } from '#contracts';
import { Logger } from '#observability';
import { GatewayConfig } from '../../gateway.config.js';
import { Streams } from '../../streams/streams.js';
import { assembleLogged } from './assemble-logged.js';
import type { ResponsesRequest } from './decode-request.js';
import type { Item } from './fields.js';
import type { ResponseProgress } from './response-object.js';
import { chainOf, historyOf, type StoredResponse, StoredResponses } from './stored-responses.js';

const ID_DIGITS = 24;

/** A response without a trace that could have ended so long ago did; ms. */
const OVERDUE_MS = 5_000;
const FORGOTTEN = 'What became of this response is kept no longer.';

/** What is known of responses: what they were asked, and what has become of them. */
@Injectable()
export class KeptResponses {
  constructor(
    private readonly stored: StoredResponses,
    private readonly streams: Streams,
    private readonly logger: Logger,
    private readonly config: GatewayConfig,
  ) {}

  /** @throws LongshoreError `stream_not_found` */
  async find(id: string): Promise<StoredResponse> {
    const response = await reach(() => this.stored.find(id));
    if (response === undefined) throw notFound(id);
    return response;
  }

  /** What was said before a response, inputs and answers in turn. @throws LongshoreError */
  async historyBefore(previous: string | undefined): Promise<Item[]> {
    if (previous === undefined) return [];
    const chain = await reach(() => chainOf(this.stored, previous));
    if (chain === undefined) throw notFound(previous, 'previous_response_id');
    const ended = await Promise.all(
      chain.map(async (response) => ({ ...response, final: await this.progressOf(response) })),
    );
    const unfinished = ended.find(({ final }) => isUnfinished(final));
    if (unfinished === undefined) return historyOf(ended);
    const message = `The response ${unfinished.id} is not finished.`;
    throw new LongshoreError('invalid_request', message, 'previous_response_id');
  }

  /** Where nobody has seen the end yet, the log knows. */
  async progressOf(response: StoredResponse): Promise<ResponseProgress> {
    if (response.final !== undefined) return response.final;
    const now = Date.now();
    const logged = await this.streams.snapshot(response.requestId);
    const overdue = now > response.createdAt * 1_000 + this.config.requestTimeout + OVERDUE_MS;
    if (logged === undefined && overdue) return endedUnseen(FORGOTTEN);
    const final = await assembleLogged(response, logged, now);
    if (!isUnfinished(final)) await this.keep({ ...response, final });
    return final;
  }

  /** The response of a chat completion: a new one, or the one that an earlier request with the same key began. */
  async remember(requestId: string, request: ResponsesRequest): Promise<StoredResponse> {
    const id = `resp_${createHash('sha256').update(requestId).digest('hex').slice(0, ID_DIGITS)}`;
    const createdAt = Math.floor(Date.now() / 1_000);
    const response: StoredResponse = { version: 1, id, createdAt, request, requestId };
    return request.store
      ? this.stored.put(response).catch((error: unknown) => this.unkept(response, error))
      : response;
  }

  /** A response that cannot be kept is answered all the same. */
  async keep(response: StoredResponse): Promise<void> {
    if (!response.request.store) return;
    await this.stored.update(response).catch((error: unknown) => this.unkept(response, error));
  }

  async forget(id: string): Promise<void> {
    await reach(() => this.stored.delete(id));
  }

  private unkept(response: StoredResponse, error: unknown): StoredResponse {
    this.logger.warn('Could not keep a response', { response: response.id, error });
    return response;
  }
}

export function isUnfinished({ status }: ResponseProgress): boolean {
  return status === 'queued' || status === 'in_progress';
}

/** A response that ended before anything was said. */
export function endedUnseen(message: string): ResponseProgress {
  return { status: 'failed', output: [], error: { code: 'server_error', message } };
}

async function reach<T>(task: () => Promise<T>): Promise<T> {
  try {
    return await task();
  } catch (error) {
    throw error instanceof LongshoreError ? error : new LongshoreError('redis_unavailable');
  }
}

function notFound(id: string, field?: string): LongshoreError {
  return new LongshoreError('stream_not_found', `Response with id '${id.slice(0, 100)}' not found.`, field);
}
