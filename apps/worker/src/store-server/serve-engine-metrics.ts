import type { EngineName, Mode } from '#contracts';
import type { EngineCall, EngineResponse } from '#engines';
import { type Exchange, sendJson } from './send.js';

/** A session whose engine can be asked for its metrics. */
export interface MeasuredSession {
  readonly identity: { readonly modelId: string; readonly mode: Mode };
  readonly engineName: EngineName;
  readonly call: (call: EngineCall) => Promise<EngineResponse>;
}

/** What one engine says, in the text format of Prometheus. */
export interface EngineMetrics {
  readonly modelId: string;
  readonly mode: Mode;
  readonly engine: EngineName;
  readonly text: string;
}

/** An engine that is busy answers late; ms. */
const PATIENCE_MS = 1_500;

/** Bytes of one engine's answer; a longer one is left out. */
const LONGEST_TEXT = 1024 * 1024;

/**
 * Sends what all engines say; one that does not answer in time, or has no metrics, is left out.
 * @param worker what the worker says of itself, in the same format
 */
export async function serveEngineMetrics(
  { response, signal }: Exchange,
  sessions: readonly MeasuredSession[],
  worker = '',
): Promise<void> {
  const late = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]);
  const all = await Promise.all(sessions.map((session) => measure(session, late).catch(() => undefined)));
  sendJson(response, 200, { engines: all.filter((metrics) => metrics !== undefined), worker });
}

async function measure(
  { identity, engineName, call }: MeasuredSession,
  signal: AbortSignal,
): Promise<EngineMetrics | undefined> {
  const { status, body } = await call({ route: '/metrics', signal });
  if (status !== 200) {
    body.destroy();
    return undefined;
  }
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > LONGEST_TEXT) return undefined;
  }
  const { modelId, mode } = identity;
  return { modelId, mode, engine: engineName, text: Buffer.concat(chunks).toString('utf8') };
}
