import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { LongshoreError } from '#contracts';
import { Logger } from '#observability';
import { GatewayConfig } from '../../gateway.config.js';
import { Streams } from '../../streams/streams.js';
import { assembleLogged } from './assemble-logged.js';
import type { ResponsesRequest } from './decode-request.js';
import { encodeInputItem } from './encode-input-item.js';
import { invalid, type Item } from './fields.js';
import { referenceOf, responseOfItem } from './item-references.js';
import type { ResponseProgress } from './response-object.js';
import { chainOf, historyOf, type StoredResponse, StoredResponses } from './stored-responses.js';

const ID_DIGITS = 24;

/** Responses whose items a request may refer to. */
const MOST_REFERENCES = 200;
const TOO_MANY = `"input" refers to items of more than ${MOST_REFERENCES} responses; send the items themselves.`;

const TOO_MUCH = 'What "input" refers to is more than the gateway accepts; refer to less of it.';

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

  /** Items with those that others only refer to in their places. @throws LongshoreError */
  async resolve(items: readonly Item[]): Promise<readonly Item[]> {
    const known = await this.referredTo(items.flatMap((item) => referenceOf(item) ?? []));
    return items.map((item, index) => {
      const id = referenceOf(item);
      return id === undefined ? item : (known.get(id) ?? throwUnknown(index));
    });
  }

  /** Items by their ids. A reference is small, and what it refers to may be as large as a body: the sum is bounded. */
  private async referredTo(references: readonly string[]): Promise<ReadonlyMap<string, Item>> {
    const responses = new Set(references.flatMap((id) => responseOfItem(id) ?? []));
    if (responses.size > MOST_REFERENCES) throw invalid(TOO_MANY, 'input');
    const times = new Map<string, number>();
    for (const id of references) times.set(id, (times.get(id) ?? 0) + 1);
    const known = new Map<string, Item>();
    let size = 0;
    for (const response of responses) {
      for (const [id, item] of await this.itemsOf(response)) {
        const wanted = times.get(id);
        if (wanted === undefined) continue;
        known.set(id, item);
        size += wanted * JSON.stringify(item).length;
        if (size > this.config.bodyLimit) throw new LongshoreError('request_too_large', TOO_MUCH, 'input');
      }
    }
    return known;
  }

  /** What was said in a response, by id; nothing when it is not kept. */
  private async itemsOf(responseId: string): Promise<(readonly [string, Item])[]> {
    const response = await reach(() => this.stored.find(responseId));
    if (response === undefined) return [];
    const { output } = await this.progressOf(response);
    return [...inputItemsOf(response), ...output].map((item) => [String(item['id']), item] as const);
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

/** What a response was asked, without what earlier ones said, as it is listed later. */
export function inputItemsOf({ id, request }: StoredResponse): Item[] {
  return request.input.map((item, index) => encodeInputItem(item, `${id.replace('resp', 'in')}_${index}`));
}

function throwUnknown(index: number): never {
  throw invalid(`"input[${index}]" refers to an item that is not kept; send the item itself.`, 'input');
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
