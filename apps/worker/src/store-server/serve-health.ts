import type { IncomingMessage, ServerResponse } from 'node:http';
import { sendJson } from './send.js';

/** Sentences that say why the worker takes no jobs; none when it takes them. */
export type WorkerProblems = () => readonly string[];

/**
 * Answers those who look after processes, without a token, with no more than how the worker is. Live: it answers; a
 * busy accelerator or a model that is loading changes nothing about that. Ready: it is part of the cluster and takes jobs.
 * @returns false when the request asks for something else
 */
export function serveHealth(
  { url, method }: IncomingMessage,
  response: ServerResponse,
  problems: WorkerProblems = () => [],
): boolean {
  if (method !== 'GET' && method !== 'HEAD') return false;
  if (url === '/health/live') {
    sendJson(response, 200, { status: 'ok' });
    return true;
  }
  if (url !== '/health/ready') return false;
  const found = problems();
  sendJson(
    response,
    found.length === 0 ? 200 : 503,
    found.length === 0 ? { status: 'ok' } : { status: 'error', problems: found },
  );
  return true;
}
