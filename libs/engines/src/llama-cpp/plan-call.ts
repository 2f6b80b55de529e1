import { GRAMMAR_DEPTH_LIMIT, grammarDepth } from '../grammar-depth.js';

/** What to send instead of a call, and what to make of the answer. */
export type CallPlan =
  | { readonly answer: 'as-is' }
  | { readonly answer: 'stream' | 'collect'; readonly body: string }
  /** llama-server would die of it; the caller is told why. */
  | { readonly answer: 'refuse'; readonly reason: string };

const GENERATING_ROUTES = new Set(['/v1/chat/completions', '/v1/completions']);

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

/** Members at the end win over earlier ones of the same name. */
function withMembers(text: string, members: string): string {
  const end = text.lastIndexOf('}');
  const head = text.slice(0, end).trimEnd();
  return head.endsWith('{') && head.trimStart() === '{' ? `{${members}}` : `${head},${members}}`;
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
