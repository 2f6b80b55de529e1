import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { type EngineName, LongshoreError } from '#contracts';
import { Injectable } from '@nestjs/common';
import { Logger } from '#observability';
import { affinityKey } from '../../completions/affinity-key.js';
import {
  type AcceptedCompletion,
  type CompletionRequest,
  type CompletionResponse,
  Completions,
} from '../../completions/completions.js';
import { GatewayConfig } from '../../gateway.config.js';
import { isEventStream, type StreamedResponse } from '../../http/streamed-response.js';
import type { Resumption } from '../../streams/read-resumption.js';
import { Streams } from '../../streams/streams.js';
import { assembleLogged } from './assemble-logged.js';
import { decodeResponsesRequest, type ResponsesRequest } from './decode-request.js';
import { encodeMessages } from './encode-messages.js';
import type { Item } from './fields.js';
import { ResponseAssembler } from './response-assembler.js';
import { encodeResponse, type ResponseProgress } from './response-object.js';
import { chainOf, historyOf, type StoredResponse, StoredResponses } from './stored-responses.js';
import { encodeTold, tellResponse } from './tell-response.js';

/** A request as it came, with what its headers ask for. */
export interface IncomingResponse {
  readonly body: unknown;
  readonly engine?: EngineName;
  /** For logs. */
  readonly requestId: string;
  readonly limits: Pick<CompletionRequest, 'timeout' | 'priority'>;
  readonly resumption?: Resumption;
}

/** A request for a response, ready to be run as a chat completion. */
interface PreparedResponse {
  readonly request: ResponsesRequest;
  readonly completion: CompletionRequest;
}

const EVENT_STREAM = { 'content-type': 'text/event-stream; charset=utf-8' };
const ID_DIGITS = 24;

/** A response without a trace that could have ended so long ago did; ms. */
const OVERDUE_MS = 5_000;
const TOO_MUCH =
  'With all that was said before, this is more than the gateway accepts; begin a new conversation.';
const FORGOTTEN = 'What became of this response is kept no longer.';

const JSON_TYPE = { 'content-type': 'application/json; charset=utf-8' };

/** Runs responses as chat completions, keeps them, and tells them again. */
@Injectable()
export class ResponseService {
  constructor(
    private readonly completions: Completions,
    private readonly streams: Streams,
    private readonly stored: StoredResponses,
    private readonly logger: Logger,
    private readonly config: GatewayConfig,
  ) {}

  /** @throws LongshoreError that names what is wrong with the request */
  async create(incoming: IncomingResponse, signal: AbortSignal): Promise<StreamedResponse> {
    const prepared = await this.prepare(incoming);
    if (!prepared.request.background) return this.answer(prepared, signal);
    const response = await this.begin(prepared);
    return prepared.request.stream
      ? this.tell(response, -1, signal)
      : answerJson(encodeResponse(response, await this.progressOf(response)));
  }

  /** The response as it is now. @throws LongshoreError `stream_not_found` */
  async get(id: string): Promise<Record<string, unknown>> {
    const response = await this.find(id);
    return encodeResponse(response, await this.progressOf(response));
  }

  /** The events after number `after`, and on until the last. @throws LongshoreError `stream_not_found` */
  async follow(id: string, after: number, signal: AbortSignal): Promise<StreamedResponse> {
    return this.tell(await this.find(id), after, signal);
  }

  /** @throws LongshoreError `stream_not_found`, `invalid_request` for a response that somebody waits for */
  async cancel(id: string): Promise<Record<string, unknown>> {
    const response = await this.find(id);
    if (!response.request.background) {
      throw new LongshoreError('invalid_request', 'Only responses made with "background" can be cancelled.');
    }
    const current = await this.progressOf(response);
    if (!isUnfinished(current)) return encodeResponse(response, current);
    await this.streams.cancel({ text: response.requestId });
    const final = { ...current, status: 'cancelled' as const };
    await this.keep({ ...response, final });
    return encodeResponse(response, final);
  }

  /** @throws LongshoreError `stream_not_found` */
  async delete(id: string): Promise<void> {
    const response = await this.find(id);
    if (response.final === undefined && response.request.background) {
      await this.streams.cancel({ text: response.requestId }).catch(() => undefined);
    }
    await this.stored.delete(id);
  }

  /** What a response was made of, without what earlier ones said. @throws LongshoreError `stream_not_found` */
  async inputItems(id: string): Promise<Item[]> {
    const { request } = await this.find(id);
    return request.input.map((item, index) => ({ id: `${id.replace('resp', 'in')}_${index}`, ...item }));
  }

  private async find(id: string): Promise<StoredResponse> {
    const response = await this.reach(() => this.stored.find(id));
    if (response === undefined) throw notFound(id);
    return response;
  }

  private async prepare(incoming: IncomingResponse): Promise<PreparedResponse> {
    const request = decodeResponsesRequest(incoming.body);
    const history = await this.historyBefore(request.previousResponseId);
    const { engine, requestId, limits, resumption } = incoming;
    const messages = encodeMessages(request.instructions, [...history, ...request.input]);
    const affinity = affinityKey({ messages });
    const body = JSON.stringify({
      ...request.parameters,
      model: request.model,
      messages,
      stream: true,
      stream_options: { include_usage: true },
    });
    if (body.length > this.config.bodyLimit) throw new LongshoreError('request_too_large', TOO_MUCH, 'input');
    const background = { resumable: true, background: true, after: 0, eventIds: false };
    const completion: CompletionRequest = {
      requestId,
      model: request.model,
      route: '/v1/chat/completions',
      body,
      identity: `responses ${String(incoming.body)}`,
      streaming: true,
      ...limits,
      ...(affinity !== undefined && { affinity }),
      ...(engine === undefined ? {} : { engine }),
      ...(resumption === undefined ? {} : { resumption: { ...resumption, after: 0, eventIds: false } }),
      ...(request.background && { resumption: { ...resumption, ...background } }),
    };
    return { request, completion };
  }

  private async historyBefore(previous: string | undefined): Promise<Item[]> {
    if (previous === undefined) return [];
    const chain = await this.reach(() => chainOf(this.stored, previous));
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
  private async progressOf(response: StoredResponse): Promise<ResponseProgress> {
    if (response.final !== undefined) return response.final;
    const now = Date.now();
    const logged = await this.streams.snapshot(response.requestId);
    const overdue = now > response.createdAt * 1_000 + this.config.requestTimeout + OVERDUE_MS;
    if (logged === undefined && overdue) return endedUnseen(FORGOTTEN);
    const final = await assembleLogged(response, logged, now);
    if (!isUnfinished(final)) await this.keep({ ...response, final });
    return final;
  }

  /** Runs a response for a client that waits. */
  private async answer(
    { request, completion }: PreparedResponse,
    signal: AbortSignal,
  ): Promise<StreamedResponse> {
    const chat = await this.completions.run(completion, signal);
    if (chat.status !== 200 || !isEventStream(chat)) return chat;
    const response = await this.remember(chat.headers['x-longshore-request'] ?? '', request);
    const assembler = new ResponseAssembler(response);
    const told = this.keeping(tellResponse(chat.body, assembler), response, assembler);
    const headers = oursOf(chat);
    if (request.stream)
      return { status: 200, headers: { ...headers, ...EVENT_STREAM }, body: encodeTold(told) };
    for await (const _ of told);
    const whole = answerJson(encodeResponse(response, assembler.progress));
    return { ...whole, headers: { ...headers, ...JSON_TYPE } };
  }

  /** Starts a response that nobody waits for; it is safe when this resolves. */
  private async begin({ request, completion }: PreparedResponse): Promise<StoredResponse> {
    let run: Promise<CompletionResponse> | undefined;
    const requestId = await new Promise<string>((resolve, reject) => {
      const onAccepted = (accepted: AcceptedCompletion): void => resolve(accepted.requestId);
      run = this.completions.run({ ...completion, onAccepted }, new AbortController().signal);
      // One that was made before and is over is nowhere accepted again.
      run.then(({ headers }) => resolve(headers['x-longshore-request'] ?? ''), reject);
    });
    const response = await this.remember(requestId, request);
    if (run !== undefined) void this.watch(run, response);
    return response;
  }

  /** Keeps the end of a background response. When this gateway dies first, whoever asks for it next does. */
  private async watch(run: Promise<CompletionResponse>, response: StoredResponse): Promise<void> {
    let reason: unknown;
    try {
      for await (const _ of (await run).body);
    } catch (error) {
      this.logger.debug('A background response broke off', { response: response.id, error });
      reason = error;
    }
    const final = await this.progressOf(response).catch(() => undefined);
    // Nobody goes on with it, and where it was not begun no log says so.
    if (!(reason instanceof LongshoreError) || reason.code === 'shutting_down') return;
    if (final?.status === 'queued') await this.keep({ ...response, final: endedUnseen(reason.message) });
  }

  private async tell(
    response: StoredResponse,
    after: number,
    signal: AbortSignal,
  ): Promise<StreamedResponse> {
    const chat = await this.streams.follow(
      { text: response.requestId },
      { after: 0, eventIds: false },
      signal,
    );
    const assembler = new ResponseAssembler(response);
    const told = this.keeping(tellResponse(chat.body, assembler), response, assembler);
    return { status: 200, headers: { ...oursOf(chat), ...EVENT_STREAM }, body: encodeTold(told, after) };
  }

  /** Keeps the response when its last event was told, before it is told. */
  private async *keeping<Event>(
    told: AsyncIterable<Event>,
    response: StoredResponse,
    assembler: ResponseAssembler,
  ): AsyncGenerator<Event, void, void> {
    for await (const events of told) {
      const final = assembler.progress;
      if (final.status !== 'in_progress') await this.keep({ ...response, final });
      yield events;
    }
  }

  /** The response of a chat completion: a new one, or the one that an earlier request with the same key began. */
  private async remember(requestId: string, request: ResponsesRequest): Promise<StoredResponse> {
    const id = `resp_${createHash('sha256').update(requestId).digest('hex').slice(0, ID_DIGITS)}`;
    const createdAt = Math.floor(Date.now() / 1_000);
    const response: StoredResponse = { version: 1, id, createdAt, request, requestId };
    return request.store
      ? this.stored.put(response).catch((error: unknown) => this.unkept(response, error))
      : response;
  }

  /** A response that cannot be kept is answered all the same. */
  private async keep(response: StoredResponse): Promise<void> {
    if (!response.request.store) return;
    await this.stored.update(response).catch((error: unknown) => this.unkept(response, error));
  }

  private unkept(response: StoredResponse, error: unknown): StoredResponse {
    this.logger.warn('Could not keep a response', { response: response.id, error });
    return response;
  }

  private async reach<T>(task: () => Promise<T>): Promise<T> {
    try {
      return await task();
    } catch (error) {
      throw error instanceof LongshoreError ? error : new LongshoreError('redis_unavailable');
    }
  }
}

function isUnfinished({ status }: ResponseProgress): boolean {
  return status === 'queued' || status === 'in_progress';
}

/** A response that ended before anything was said. */
function endedUnseen(message: string): ResponseProgress {
  return { status: 'failed', output: [], error: { code: 'server_error', message } };
}

function notFound(id: string, field?: string): LongshoreError {
  return new LongshoreError('stream_not_found', `Response with id '${id.slice(0, 100)}' not found.`, field);
}

function answerJson(response: Record<string, unknown>): StreamedResponse {
  return { status: 200, headers: JSON_TYPE, body: Readable.from([Buffer.from(JSON.stringify(response))]) };
}

/** Headers that tell where the answer was made. */
function oursOf({ headers }: CompletionResponse): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith('x-longshore-')));
}
