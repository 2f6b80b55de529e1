import type { FastifyRequest } from 'fastify';

/** The head of a progress stream. Its lines are JSON in either case; only who accepts exactly that is told so. */
export function progressHead(request: FastifyRequest): Readonly<Record<string, string>> {
  const json = request.headers.accept === 'application/json';
  return {
    'content-type': json ? 'application/json' : 'text/plain; charset=utf-8',
    'cache-control': 'no-cache',
    'x-content-type-options': 'nosniff',
  };
}
