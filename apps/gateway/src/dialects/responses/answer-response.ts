import { clusterHeaders, jsonResponse, type StreamedResponse } from '../../http/streamed-response.js';
import type { KeptResponses } from './kept-responses.js';
import { ResponseAssembler, type ResponseEvent } from './response-assembler.js';
import { encodeResponse, type ResponseProgress } from './response-object.js';
import type { StoredResponse } from './stored-responses.js';
import { encodeTold, tellResponse } from './tell-response.js';

const EVENT_STREAM = { 'content-type': 'text/event-stream; charset=utf-8' };

/** The events of a response as its chat completion is made, without those up to number `after`; kept at its end. */
export function answerEvents(
  chat: StreamedResponse,
  response: StoredResponse,
  kept: KeptResponses,
  after = -1,
): StreamedResponse {
  const { told, failure } = keeping(chat, response, kept);
  return {
    status: 200,
    headers: { ...clusterHeaders(chat), ...EVENT_STREAM },
    body: encodeTold(told, after),
    failure,
  };
}

/** The response once its chat completion has ended; kept. */
export async function answerWhole(
  chat: StreamedResponse,
  response: StoredResponse,
  kept: KeptResponses,
): Promise<StreamedResponse> {
  const { told, failure, progress } = keeping(chat, response, kept);
  for await (const _ of told);
  return { ...jsonResponse(encodeResponse(response, progress()), chat), failure };
}

interface ToldResponse {
  readonly told: AsyncIterable<ResponseEvent[]>;
  readonly progress: () => ResponseProgress;
  readonly failure: () => unknown;
}

/** A response as it is made, kept when its last event was made, before that is told. */
function keeping(chat: StreamedResponse, response: StoredResponse, kept: KeptResponses): ToldResponse {
  const assembler = new ResponseAssembler(response);
  let failure: unknown;
  const events = tellResponse(chat.body, assembler, (error) => (failure = error));
  async function* told(): AsyncGenerator<ResponseEvent[], void, void> {
    for await (const batch of events) {
      const final = assembler.progress;
      if (final.status !== 'in_progress') await kept.keep({ ...response, final });
      yield batch;
    }
  }
  return { told: told(), progress: () => assembler.progress, failure: () => failure };
}
