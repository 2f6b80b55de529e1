import { GRAMMAR_DEPTH_LIMIT, grammarDepth } from '../grammar-depth.js';
import { GENERATING_ROUTES, parseObject, withMembers } from '../request-body.js';

/** What to send instead of a call, and what to make of the answer. */
export type CallPlan =
  | { readonly answer: 'as-is' }
  | { readonly answer: 'stream' | 'collect'; readonly body: string }
  /** llama-server would die of it; the caller is told why. */
  | { readonly answer: 'refuse'; readonly reason: string };

const PROGRESS = '"return_progress":true';
const AS_STREAM = `"stream":true,"stream_options":{"include_usage":true},${PROGRESS}`;

/** Decides how to ask llama-server so that it notices a hang-up. The caller's own text stays byte for byte in the body. */
export function planCall(route: string, body: string | Buffer | undefined): CallPlan {
  if (body === undefined || !GENERATING_ROUTES.has(route)) return { answer: 'as-is' };
  const text = body.toString();
  const request = parseObject(text);
  if (request === undefined) return { answer: 'as-is' };
  const { grammar } = request;
  if (typeof grammar === 'string' && grammarDepth(grammar) > GRAMMAR_DEPTH_LIMIT) {
    return {
      answer: 'refuse',
      reason: `'grammar' nests its brackets deeper than ${GRAMMAR_DEPTH_LIMIT} levels.`,
    };
  }
  if (request['stream'] === true) {
    const oneSequence = (request['n'] ?? 1) === 1 && !Array.isArray(request['prompt']);
    // With several sequences, reports of one come between the tokens of another.
    if (!oneSequence || 'return_progress' in request) return { answer: 'as-is' };
    return { answer: 'stream', body: withMembers(text, PROGRESS) };
  }
  // llama-server refuses this combination for streams only.
  if (request['tools'] !== undefined && request['logprobs'] === true) return { answer: 'as-is' };
  return { answer: 'collect', body: withMembers(text, AS_STREAM) };
}
