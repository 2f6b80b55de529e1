import { findModel } from '#cluster';
import { type RecordedRequest, LongshoreError } from '#contracts';
import type { LoggedResponse } from '#streaming';
import {
  type AcceptedCompletion,
  Completions,
  type CompletionRequest,
  type CompletionResponse,
} from '../completions/completions.js';
import type { Whereabouts } from '../completions/whereabouts.js';
import { type StoredResponse, StoredResponses } from '../dialects/responses/stored-responses.js';
import { RecordedRequests } from '../engines/requests/recorded-requests.js';
import { type FollowOptions, type StreamName, Streams } from '../streams/streams.js';
import { SMOLLM } from './fake-models.js';

type Run = (request: CompletionRequest, signal: AbortSignal) => Promise<CompletionResponse>;

/** Answers as the test says, and keeps what it was asked. */
export class FakeCompletions extends Completions {
  readonly requests: CompletionRequest[] = [];
  respond: Run = async () => jsonResponse('{"object":"chat.completion"}');

  override run(request: CompletionRequest, signal: AbortSignal): Promise<CompletionResponse> {
    this.requests.push(request);
    if (findModel([SMOLLM], request.model) === undefined) {
      throw new LongshoreError('model_not_found', `No such model: ${request.model}`, 'model');
    }
    return this.respond(request, signal);
  }

  override letAllGo(): void {}

  /** Where every request is, for those who ask. */
  whereabouts: Whereabouts = { state: 'running' };

  override async locate(requests: readonly AcceptedCompletion[]): Promise<readonly Whereabouts[]> {
    return requests.map(() => this.whereabouts);
  }
}

/** Has the responses that a test gives it. */
export class FakeStreams extends Streams {
  readonly responses = new Map<string, (options: FollowOptions) => CompletionResponse>();
  readonly logs = new Map<string, LoggedResponse>();
  readonly cancelled: string[] = [];

  override async follow({ text }: StreamName, options: FollowOptions): Promise<CompletionResponse> {
    const respond = this.responses.get(text);
    if (respond === undefined) throw new LongshoreError('stream_not_found');
    return respond(options);
  }

  override async snapshot(requestId: string): Promise<LoggedResponse | undefined> {
    return this.logs.get(requestId);
  }

  override async cancel({ text }: StreamName): Promise<void> {
    if (!this.responses.has(text)) throw new LongshoreError('stream_not_found');
    this.cancelled.push(text);
  }
}

/** Keeps responses for as long as it lives. */
export class FakeStoredResponses extends StoredResponses {
  private readonly kept = new Map<string, StoredResponse>();

  override async put(response: StoredResponse): Promise<StoredResponse> {
    const standing = this.kept.get(response.id) ?? response;
    this.kept.set(response.id, standing);
    return standing;
  }

  override async update(response: StoredResponse): Promise<void> {
    if (this.kept.has(response.id)) this.kept.set(response.id, response);
  }

  override async find(id: string): Promise<StoredResponse | undefined> {
    return this.kept.get(id);
  }

  override async delete(id: string): Promise<boolean> {
    return this.kept.delete(id);
  }
}

/** Keeps records for as long as it lives. */
export class FakeRecordedRequests extends RecordedRequests {
  readonly kept: RecordedRequest[] = [];
  readonly listeners = new Set<(record: RecordedRequest) => void>();

  override async add(record: RecordedRequest): Promise<void> {
    this.kept.push(record);
    for (const listener of this.listeners) listener(record);
  }

  override async of(modelId: string): Promise<readonly RecordedRequest[]> {
    return this.kept.filter((record) => record.modelId === modelId);
  }

  override listen(listener: (record: RecordedRequest) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}

export function jsonResponse(body: string): CompletionResponse {
  return response('application/json', [body]);
}

export function eventStream(events: Iterable<string> | AsyncIterable<string>): CompletionResponse {
  return response('text/event-stream', events);
}

function response(type: string, chunks: Iterable<string> | AsyncIterable<string>): CompletionResponse {
  async function* body(): AsyncGenerator<Buffer, void, void> {
    for await (const chunk of chunks) yield Buffer.from(chunk);
  }
  return { status: 200, headers: { 'content-type': type }, body: body() };
}
