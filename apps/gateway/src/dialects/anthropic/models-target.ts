import type { IncomingHttpHeaders } from 'node:http';

const SHARED_PATH = /^\/+v1\/+models(?=[/?#]|$)/;

/**
 * Anthropic's libraries ask for models at the same path as OpenAI's and expect another answer. They are known by a
 * header that no other has, and led to where models are listed in their way.
 * @param target of the request, such as `/v1/models?limit=5`
 */
export function modelsTarget(target: string, headers: IncomingHttpHeaders): string {
  const anthropic = headers['anthropic-version'] !== undefined && SHARED_PATH.test(target);
  return anthropic ? `/anthropic${target}` : target;
}
