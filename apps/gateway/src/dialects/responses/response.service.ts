import { Injectable } from '@nestjs/common';
import { LongshoreError } from '#contracts';
import { GatewayConfig } from '../../gateway.config.js';
import { isEventStream, type StreamedResponse } from '../../http/streamed-response.js';
import { Streams } from '../../streams/streams.js';
import { answerEvents, answerWhole, repeatEvents } from './answer-response.js';
import { decodeResponsesRequest, type ResponsesRequest } from './decode-request.js';
import type { Item } from './fields.js';
import { inputItemsOf, isUnfinished, KeptResponses } from './kept-responses.js';
import { prepareCompletion, type ResponseCall } from './prepare-completion.js';
import { encodeResponse } from './response-object.js';
import type { StoredResponse } from './stored-responses.js';

/** A request for a response, ready to be run as a chat completion. */
export interface PreparedResponse {
  readonly request: ResponsesRequest;
  readonly call: ResponseCall;
}

const TOO_MUCH =
  'With all that was said before, this is more than the gateway accepts; begin a new conversation.';

/** Makes chat completions of requests for responses, responses of their answers, and tells them again. */
@Injectable()
export class ResponseService {
  constructor(
    private readonly kept: KeptResponses,
    private readonly streams: Streams,
    private readonly config: GatewayConfig,
  ) {}

  /**
   * @param change made of the request before it is run
   * @throws LongshoreError that names what is wrong with the request
   */
  async prepare(
    body: unknown,
    change: (request: ResponsesRequest) => ResponsesRequest = (request) => request,
  ): Promise<PreparedResponse> {
    const decoded = change(decodeResponsesRequest(body));
    const request = { ...decoded, input: await this.kept.resolve(decoded.input) };
    const history = await this.kept.historyBefore(request.previousResponseId);
    const call = prepareCompletion(request, history, String(body));
    if (call.body.length <= this.config.bodyLimit) return { request, call };
    throw new LongshoreError('request_too_large', TOO_MUCH, 'input');
  }

  /** The response to a client that waits; what an engine refuses stays as it is. */
  async answer(request: ResponsesRequest, chat: StreamedResponse): Promise<StreamedResponse> {
    if (chat.status !== 200 || !isEventStream(chat)) return chat;
    const response = await this.kept.remember(chat.headers['x-longshore-request'] ?? '', request);
    return request.stream ? answerEvents(chat, response, this.kept) : answerWhole(chat, response, this.kept);
  }

  /** A response as it is now. @param named itself, or its id @throws LongshoreError `stream_not_found` */
  async get(named: string | StoredResponse): Promise<Record<string, unknown>> {
    const response = typeof named === 'string' ? await this.kept.find(named) : named;
    return encodeResponse(response, await this.kept.progressOf(response));
  }

  /** The events after number `after`, and on until the last. @throws LongshoreError `stream_not_found` */
  async follow(
    named: string | StoredResponse,
    after: number,
    signal: AbortSignal,
  ): Promise<StreamedResponse> {
    const response = typeof named === 'string' ? await this.kept.find(named) : named;
    const whole = { after: 0, eventIds: false };
    const chat = await this.streams.follow({ text: response.requestId }, whole, signal);
    return repeatEvents(chat, response, this.kept, after);
  }

  /** @throws LongshoreError `stream_not_found`, `invalid_request` for a response that somebody waits for */
  async cancel(id: string): Promise<Record<string, unknown>> {
    const response = await this.kept.find(id);
    if (!response.request.background) {
      throw new LongshoreError('invalid_request', 'Only responses made with "background" can be cancelled.');
    }
    const current = await this.kept.progressOf(response);
    if (!isUnfinished(current)) return encodeResponse(response, current);
    await this.streams.cancel({ text: response.requestId });
    const final = { ...current, status: 'cancelled' as const };
    await this.kept.keep({ ...response, final });
    return encodeResponse(response, final);
  }

  /** @throws LongshoreError `stream_not_found` */
  async delete(id: string): Promise<void> {
    const response = await this.kept.find(id);
    if (response.final === undefined && response.request.background) {
      await this.streams.cancel({ text: response.requestId }).catch(() => undefined);
    }
    await this.kept.forget(id);
  }

  /** What a response was made of, without what earlier ones said. @throws LongshoreError `stream_not_found` */
  async inputItems(id: string): Promise<Item[]> {
    return inputItemsOf(await this.kept.find(id));
  }
}
