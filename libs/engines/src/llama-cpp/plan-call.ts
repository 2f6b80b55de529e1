import { excessiveSampling } from '../excessive-sampling.js';
import { GRAMMAR_DEPTH_LIMIT, grammarDepth } from '../grammar-depth.js';
import { impossibleGrammar } from '../impossible-grammar.js';
import { GENERATING_ROUTES, parseObject, withMembers } from '../request-body.js';
import { ignoredMember } from './ignored-members.js';
import { pieceworkOf, type Piecework } from './piecework.js';
import { editsOf } from './request-edits.js';
import { asRerankRequest } from '../score-by-ranking.js';

/** What to send instead of a call, and what to make of the answer. */
export type CallPlan =
  | { readonly answer: 'as-is'; readonly body?: string }
  | { readonly answer: 'stream'; readonly body: string }
  /** A stream of several answers at once, or an answer to be put together of a stream: so many choices a prompt. */
  | { readonly answer: 'streams' | 'collect'; readonly body: string; readonly choices: number }
  | { readonly answer: 'pieces'; readonly work: Piecework }
  /** By ranking. */
  | { readonly answer: 'score'; readonly body: string }
  /** llama-server would die of it, or do what it must not; the caller is told why. */
  | { readonly answer: 'refuse'; readonly reason: string };

type Request = Readonly<Record<string, unknown>>;

const AS_IS: CallPlan = { answer: 'as-is' };
const PROGRESS = '"return_progress":true';
const AS_STREAM = `"stream":true,"stream_options":{"include_usage":true},${PROGRESS}`;
const COUNT_ROUTE = '/v1/chat/completions/input_tokens';
const RERANK_ROUTES = new Set(['/rerank', '/v1/rerank']);
const SCORE_ROUTES = new Set(['/score', '/v1/score']);

/**
 * Decides how to ask llama-server so that it notices a hang-up and takes the request as it was meant. The caller's own
 * text stays byte for byte in the body of a completion.
 * @param takesMedia whether the model has a projector for images and the like
 */
export function planCall(route: string, body: string | Buffer | undefined, takesMedia = true): CallPlan {
  if (body === undefined) return AS_IS;
  const text = body.toString();
  const request = parseObject(text);
  if (request === undefined) return AS_IS;
  const ignored = ignoredMember(route, request);
  if (ignored !== undefined) return { answer: 'refuse', reason: ignored };
  if (route === COUNT_ROUTE) return planCount(text, request, takesMedia);
  if (GENERATING_ROUTES.has(route)) return planGeneration(text, request, takesMedia);
  if (SCORE_ROUTES.has(route)) {
    const score = asRerankRequest(request);
    return 'refuse' in score ? { answer: 'refuse', reason: score.refuse } : { answer: 'score', ...score };
  }
  const { top_n: best } = request;
  if (RERANK_ROUTES.has(route) && typeof best === 'number' && best < 0)
    return { answer: 'refuse', reason: `'top_n' must be a whole number of at least 0, but is ${best}.` };
  const work = pieceworkOf(route, request);
  return work === undefined ? AS_IS : { answer: 'pieces', work };
}

/** What would be refused has no tokens. The answer comes at once: there is no hang-up to notice. */
function planCount(original: string, request: Request, takesMedia: boolean): CallPlan {
  const edits = editsOf(request, takesMedia);
  if ('refuse' in edits) return { answer: 'refuse', reason: edits.refuse };
  return edits.members === '' ? AS_IS : { answer: 'as-is', body: withMembers(original, edits.members) };
}

function planGeneration(original: string, request: Request, takesMedia: boolean): CallPlan {
  const { grammar } = request;
  if (typeof grammar === 'string' && grammarDepth(grammar) > GRAMMAR_DEPTH_LIMIT) {
    const reason = `'grammar' nests its brackets deeper than ${GRAMMAR_DEPTH_LIMIT} levels.`;
    return { answer: 'refuse', reason };
  }
  const impossible = impossibleGrammar(request) ?? excessiveSampling(request);
  if (impossible !== undefined) return { answer: 'refuse', reason: impossible };
  const edits = editsOf(request, takesMedia);
  if ('refuse' in edits) return { answer: 'refuse', reason: edits.refuse };
  const text = edits.members === '' ? original : withMembers(original, edits.members);
  const asIs: CallPlan = edits.members === '' ? AS_IS : { answer: 'as-is', body: text };
  const choices = choicesOf(request);
  if (request['stream'] === true) {
    if ('return_progress' in request) return asIs;
    const asked = withMembers(text, PROGRESS);
    const oneSequence = choices === 1 && !Array.isArray(request['prompt']);
    return oneSequence ? { answer: 'stream', body: asked } : { answer: 'streams', body: asked, choices };
  }
  // llama-server refuses this combination for streams only.
  if (request['tools'] !== undefined && request['logprobs'] === true) return asIs;
  return { answer: 'collect', body: withMembers(text, AS_STREAM), choices };
}

function choicesOf({ n }: Request): number {
  return typeof n === 'number' && n > 1 ? n : 1;
}
