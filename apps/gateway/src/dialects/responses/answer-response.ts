import { ReadingEnded } from '../../completions/completions.js';
import { clusterHeaders, jsonResponse, type StreamedResponse } from '../../http/streamed-response.js';
import type { KeptResponses } from './kept-responses.js';
import { ResponseAssembler, type ResponseEvent } from './response-assembler.js';
import { encodeResponse, type ResponseProgress } from './response-object.js';
import type { StoredResponse } from './stored-responses.js';
import { encodeTold, tellResponse } from './tell-response.js';

const EVENT_STREAM = { 'content-type': 'text/event-stream; charset=utf-8' };

/** The events of a response as its chat completion is made; kept at its end. */
export function answerEvents(
  chat: StreamedResponse,
  response: StoredResponse,
  kept: KeptResponses,
): StreamedResponse {
  return streamed(chat, keeping(chat, response, { kept, isOver: endsAnswer }));
}

/**
 * The same for one more reader, without the events up to number `after`. What breaks off for a reader may go on, and of
 * what does not the log knows.
 */
export function repeatEvents(
  chat: StreamedResponse,
  response: StoredResponse,
  kept: KeptResponses,
  after: number,
): StreamedResponse {
  return streamed(chat, keeping(chat, response, { kept, isOver: () => false }), after);
}

function streamed(chat: StreamedResponse, { told, failure }: ToldResponse, after = -1): StreamedResponse {
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
  const { told, failure, progress } = keeping(chat, response, { kept, isOver: endsAnswer });
  for await (const _ of told);
  return { ...jsonResponse(encodeResponse(response, progress()), chat), failure };
}

function endsAnswer(failure: unknown): boolean {
  return !(failure instanceof ReadingEnded);
}

interface ToldResponse {
  readonly told: AsyncIterable<ResponseEvent[]>;
  readonly progress: () => ResponseProgress;
  readonly failure: () => unknown;
}

interface Keeping {
  readonly kept: KeptResponses;
  /** Whether a failure ends the response, and not only this reading of it. */
  readonly isOver: (failure: unknown) => boolean;
}

/** A response as it is made, kept when its last event was made, before that is told. */
function keeping(chat: StreamedResponse, response: StoredResponse, { kept, isOver }: Keeping): ToldResponse {
  const assembler = new ResponseAssembler(response);
  let failure: unknown;
  const events = tellResponse(chat.body, assembler, (error) => (failure = error));
  async function* told(): AsyncGenerator<ResponseEvent[], void, void> {
    for await (const batch of events) {
      const final = assembler.progress;
      const ended = final.status !== 'in_progress' && (failure === undefined || isOver(failure));
      if (ended) await kept.keep({ ...response, final });
      yield batch;
    }
  }
  return { told: told(), progress: () => assembler.progress, failure: () => failure };
}
