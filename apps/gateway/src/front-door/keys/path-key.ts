import type { IncomingMessage } from 'node:http';

/** Keys that came as the beginning of a path, for clients that can send no header. */
const pathKeys = new WeakMap<IncomingMessage, string>();

const PREFIXED = /^\/+k\/+([^/?#]+)([^]*)$/;

/**
 * The target of a request without `/k/<key>` before it, so that nothing behind this, logs included, sees the key. Keys
 * are taken away also where none is asked for.
 */
export function stripPathKey(request: IncomingMessage): string {
  const target = request.url ?? '/';
  const match = PREFIXED.exec(target);
  if (match === null) return target;
  const [, key = '', rest = ''] = match;
  pathKeys.set(request, decode(key));
  return rest.startsWith('/') ? rest : `/${rest}`;
}

export function pathKeyOf(request: IncomingMessage): string | undefined {
  return pathKeys.get(request);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
