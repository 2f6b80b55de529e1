import { clusterHeaders, jsonResponse, type StreamedResponse } from '../../http/streamed-response.js';
import type { KeptResponses } from './kept-responses.js';
import { ResponseAssembler, type ResponseEvent } from './response-assembler.js';
import { encodeResponse } from './response-object.js';
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
  const assembler = new ResponseAssembler(response);
  const told = keeping(tellResponse(chat.body, assembler), response, { assembler, kept });
  return {
    status: 200,
    headers: { ...clusterHeaders(chat), ...EVENT_STREAM },
    body: encodeTold(told, after),
  };
}

/** The response once its chat completion has ended; kept. */
export async function answerWhole(
  chat: StreamedResponse,
  response: StoredResponse,
  kept: KeptResponses,
): Promise<StreamedResponse> {
  const assembler = new ResponseAssembler(response);
  for await (const _ of keeping(tellResponse(chat.body, assembler), response, { assembler, kept }));
  return jsonResponse(encodeResponse(response, assembler.progress), chat);
}

interface Keeping {
  readonly assembler: ResponseAssembler;
  readonly kept: KeptResponses;
}

/** Keeps the response when its last event was told, before it is told. */
async function* keeping(
  told: AsyncIterable<ResponseEvent[]>,
  response: StoredResponse,
  { assembler, kept }: Keeping,
): AsyncGenerator<ResponseEvent[], void, void> {
  for await (const events of told) {
    const final = assembler.progress;
    if (final.status !== 'in_progress') await kept.keep({ ...response, final });
    yield events;
  }
}
