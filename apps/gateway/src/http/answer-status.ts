import type { Failure } from './failure.js';
import { voiceFor } from './stream-notices.js';

/** API families in which a body that is too large has a status of its own. */
const NEWER =
  /^\/(?:api|anthropic|(?:(?:engines\/(?:[^/]+\/)?)?v1\/)?(?:responses|messages)|engines\/responses)(?:\/|$)/;

/**
 * The status that a failure has at this path, for this client: that of the catalogue but where existing clients go by
 * another one.
 */
export function answerStatus({ code, status }: Failure, path: string, userAgent: string | undefined): number {
  if (code === 'request_too_large') return NEWER.test(path) ? 413 : status;
  // Of a 503 the command line of the Model Runner says that nothing runs here, and keeps the reason to itself.
  return status === 503 && voiceFor(userAgent) === 'lines' ? 502 : status;
}
