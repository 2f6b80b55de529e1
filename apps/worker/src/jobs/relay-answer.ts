import { finished } from 'node:stream';
import type { EngineResponse } from '#engines';
import type { FramePublisher, FrameWriter } from '#streaming';
import type { LiveRequest } from './live-requests.js';

/** How often it is looked whether frames can leave again; ms. */
const BLOCKED_POLL_MS = 10;

/**
 * Passes an engine's bytes on as body frames, untouched, for as long as the engine sends. Stops reading while the
 * request is paused, frames cannot leave fast enough or nobody hears them, which makes the engine wait.
 * @throws what broke the engine's answer off.
 */
export function relayAnswer(
  body: EngineResponse['body'],
  writer: FrameWriter,
  request: LiveRequest,
  publisher: FramePublisher,
): Promise<void> {
  const blocked = (): boolean => publisher.congested || writer.unheard;
  return new Promise((resolve, reject) => {
    const goOn = (): void => {
      if (request.paused) return;
      if (!blocked()) return void body.resume();
      request.lastActivity = Date.now();
      setTimeout(goOn, BLOCKED_POLL_MS);
    };
    request.onResume = goOn;
    body.on('data', (chunk: Buffer) => {
      request.lastActivity = Date.now();
      writer.body(chunk);
      if (!request.paused && !blocked()) return;
      body.pause();
      goOn();
    });
    finished(body, { writable: false }, (error) => (error ? reject(error) : resolve()));
  });
}
