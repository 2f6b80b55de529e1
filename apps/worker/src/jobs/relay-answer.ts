import { finished, type Readable } from 'node:stream';
import type { FramePublisher, FrameWriter } from '#streaming';
import type { AnswerPace } from '../presence/answer-pace.js';
import { hear, type LiveRequest } from './live-requests.js';
import { WholeEvents } from './whole-events.js';

/** How soon it is looked again whether frames can leave: at first soon, for usually they can; ms. */
const SHORTEST_BLOCK_MS = 1;
const LONGEST_BLOCK_MS = 16;

/** An answer that is no stream is held back until it is whole, up to so many bytes. */
const COLLECT_LIMIT = 4 * 1024 * 1024;

/** Where an answer goes, and who waits for it. */
export interface Relay {
  readonly body: Readable;
  readonly writer: FrameWriter;
  readonly request: LiveRequest;
  readonly publisher: FramePublisher;
  /** Told of the events that leave, for measurement. */
  readonly pace?: Pick<AnswerPace, 'take'>;
}

/**
 * Passes an event stream on, untouched, with whole events in each frame.
 * @returns what came after the last event that was whole
 * @throws what broke the engine's answer off
 */
export async function relayEvents(relay: Relay): Promise<Buffer> {
  const events = new WholeEvents();
  await relayBytes(relay, (chunk) => {
    const whole = events.take(chunk);
    if (whole.length === 0) return;
    relay.writer.body(whole);
    relay.pace?.take(whole, performance.now());
  });
  return events.rest;
}

/**
 * Sends an answer that is not a stream: all of it in one turn of the event loop, so that it arrives whole or not at all.
 * One that is too large for that is passed on as it comes.
 * @param begin called in the turn in which the first bytes leave
 * @throws what broke the engine's answer off
 */
export async function relayWhole(relay: Relay, begin: () => void): Promise<void> {
  const { body, writer, request } = relay;
  const { bytes, complete } = await collect(body, request);
  begin();
  if (bytes.length > 0) writer.body(bytes);
  if (!complete) await relayBytes(relay, (chunk) => writer.body(chunk));
}

/**
 * Hands every chunk to `send` for as long as the engine sends. Stops reading while the request is paused, frames cannot
 * leave fast enough or nobody hears them, which makes the engine wait.
 */
function relayBytes(
  { body, writer, request, publisher }: Relay,
  send: (chunk: Buffer) => void,
): Promise<void> {
  const blocked = (): boolean => publisher.congested || writer.unheard || writer.behind;
  return new Promise((resolve, reject) => {
    let wait = SHORTEST_BLOCK_MS;
    const goOn = (): void => {
      if (request.paused) return;
      if (!blocked()) {
        wait = SHORTEST_BLOCK_MS;
        return void body.resume();
      }
      request.lastActivity = Date.now();
      setTimeout(goOn, wait);
      wait = Math.min(2 * wait, LONGEST_BLOCK_MS);
    };
    request.onResume = goOn;
    body.on('data', (chunk: Buffer) => {
      hear(request);
      try {
        send(chunk);
      } catch (error) {
        body.destroy(error as Error);
        return;
      }
      if (!request.paused && !blocked()) return;
      body.pause();
      goOn();
    });
    finished(body, { writable: false }, (error) => (error ? reject(error) : resolve()));
    goOn();
  });
}

/** Reads an answer to its end, or until there is too much of it; then it is left paused, for another to read on. */
function collect(body: Readable, request: LiveRequest): Promise<{ bytes: Buffer; complete: boolean }> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const end = (complete: boolean): void => {
      body.off('data', take);
      ignoreEnd();
      resolve({ bytes: chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks), complete });
    };
    const take = (chunk: Buffer): void => {
      hear(request);
      chunks.push(chunk);
      size += chunk.length;
      if (size <= COLLECT_LIMIT) return;
      body.pause();
      end(false);
    };
    const ignoreEnd = finished(body, { writable: false }, (error) => (error ? reject(error) : end(true)));
    body.on('data', take);
  });
}
