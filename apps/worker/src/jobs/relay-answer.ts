import type { EngineResponse } from '#engines';
import type { FramePublisher, FrameWriter } from '#streaming';
import type { LiveRequest } from './live-requests.js';

/** How often a congested publisher is looked at again; ms. */
const CONGESTION_POLL_MS = 10;

/**
 * Passes an engine's bytes on as body frames, untouched, for as long as the engine sends. Stops reading while the
 * request is paused or frames cannot leave fast enough, which makes the engine wait.
 * @throws what broke the engine's answer off.
 */
export function relayAnswer(
  body: EngineResponse['body'],
  writer: FrameWriter,
  request: LiveRequest,
  publisher: FramePublisher,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const goOn = (): void => {
      if (request.paused) return;
      if (publisher.congested) setTimeout(goOn, CONGESTION_POLL_MS);
      else body.resume();
    };
    request.onResume = goOn;
    body.on('data', (chunk: Buffer) => {
      request.lastActivity = Date.now();
      writer.body(chunk);
      if (!request.paused && !publisher.congested) return;
      body.pause();
      goOn();
    });
    body.once('end', resolve);
    body.once('error', reject);
    body.once('close', () =>
      reject(new Error('the engine closed the connection before its answer was complete')),
    );
  });
}
