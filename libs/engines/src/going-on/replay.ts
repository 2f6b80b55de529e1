import type { EngineCall, EngineResponse } from '../engine-client.js';
import { CannotContinue } from './cannot-continue.js';

/** Sends a request to the engine that is to go on. */
export type Send = (call: EngineCall) => Promise<EngineResponse>;

/**
 * Goes on with an answer by asking for it once more and leaving out what was delivered.
 * @param delivered whole events of the stream that broke off
 * @throws CannotContinue
 */
export async function replay(_send: Send, _call: EngineCall, _delivered: Buffer): Promise<EngineResponse> {
  throw new CannotContinue('This engine cannot go on with an answer that broke off.');
}
