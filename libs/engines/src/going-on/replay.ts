import { Readable } from 'node:stream';
import { EngineConnectionError, type EngineCall, type EngineResponse } from '../engine-client.js';
import { parseObject } from '../request-body.js';
import { CannotContinue } from './cannot-continue.js';
import { readDelivered } from './delivered-answer.js';
import { DeliveredSkipper } from './delivered-skipper.js';
import { filterEvents, type EventTaker } from './event-filter.js';
import { DONE, encodeEvent } from './event-stream.js';
import { whatIsMissing } from './what-is-missing.js';

/** Sends a request to the engine that is to go on. */
export type Send = (call: EngineCall) => Promise<EngineResponse>;

/**
 * Goes on with a streamed answer by asking for it once more and leaving out what was delivered, which must come again.
 * Resolves when the first new event is there, which takes as long as the engine needs to say the rest again.
 * @param delivered whole events of the stream that broke off
 * @throws CannotContinue when the engine gives another answer this time; later, the body ends with it
 */
export async function replay(send: Send, call: EngineCall, delivered: Buffer): Promise<EngineResponse> {
  const answer = readDelivered(delivered);
  const request = streamRequestOf(call);
  const missing = whatIsMissing(request, answer);
  if (missing === 'nothing') return eventStream('');
  if (missing === 'done') return eventStream(encodeEvent(DONE));
  const response = await send(call);
  return missing === 'everything'
    ? response
    : throughTaker(response, new DeliveredSkipper(answer), call.signal);
}

/** @throws CannotContinue when no stream was asked for */
export function streamRequestOf({ body }: EngineCall): Record<string, unknown> {
  const request = parseObject(body?.toString() ?? '');
  if (request?.['stream'] === true) return request;
  throw new CannotContinue('Only an answer that is streamed can be gone on with.');
}

export function eventStream(text: string): EngineResponse {
  return {
    status: 200,
    headers: { 'content-type': 'text/event-stream' },
    body: Readable.from(text === '' ? [] : [Buffer.from(text)]),
  };
}

/**
 * The response with its events taken by `taker`; a refusal as it is.
 * @throws CannotContinue from `taker`, or when a 200 is no event stream
 */
export async function throughTaker(
  response: EngineResponse,
  taker: EventTaker,
  signal: AbortSignal,
): Promise<EngineResponse> {
  if (response.status !== 200) return response;
  if (!(response.headers['content-type'] ?? '').startsWith('text/event-stream')) {
    response.body.destroy();
    throw new CannotContinue('The engine did not stream its answer when it was asked once more.');
  }
  try {
    return { ...response, body: await filterEvents(response.body, taker) };
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof CannotContinue) throw error;
    throw new EngineConnectionError('The engine broke off before its answer went on.', { cause: error });
  }
}
