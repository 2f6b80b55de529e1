import { leavesOf } from './choice-leaves.js';
import type { DeliveredAnswer } from './delivered-answer.js';
import { wantsUsage } from './what-is-missing.js';
import { isObject } from '../request-body.js';

type Request = Readonly<Record<string, unknown>>;

/** How to go on with an answer. */
export type ContinuationPlan =
  /** By saying it once more. */
  | { readonly way: 'replay' }
  /** From the tokens that were delivered, also when saying it once more gave another answer. */
  | ({ readonly way: 'tokens' | 'replay-then-tokens' } & TokenContinuation);

/** What was asked, and what its caller has of the answer. */
export interface BrokenAnswer {
  readonly route: string;
  readonly request: Request;
  readonly answer: DeliveredAnswer;
}

export interface TokenContinuation {
  readonly prompt: ContinuedPrompt;
  /** The text that was delivered, as it was cut into events: one token each, as a rule. */
  readonly pieces: readonly string[];
  /** What to draw with; the prompt and the limit are still to be added. */
  readonly sampling: Request;
  /** Tokens the whole answer may have; absent = no limit. */
  readonly limit?: number;
  readonly includeUsage: boolean;
}

export type ContinuedPrompt =
  /** To be made of a chat by its template. */
  | { readonly kind: 'chat'; readonly request: Request }
  /** Text, or tokens. */
  | { readonly kind: 'raw'; readonly content: string | readonly number[] };

const REPLAY: ContinuationPlan = { way: 'replay' };

/** Members that have done their work, or are handled one by one. */
const HANDLED = [
  'model messages prompt stream stream_options n max_tokens max_completion_tokens n_predict return_progress',
  'chat_template_kwargs user metadata store service_tier parallel_tool_calls logprobs tools response_format',
].flatMap((names) => names.split(' '));

/**
 * Decides how an engine goes on. From tokens where the text is all there is to the state of the answer: one choice
 * of plain text. Not where a grammar, a tool call or reasoning has to be gone on with as well, where an image is
 * part of the prompt, or where log probabilities are wanted; nor with any parameter that is not known here.
 * @param sampling members that say how this engine draws tokens and mean the same in the middle of an answer
 */
export function planContinuation(
  { route, request, answer }: BrokenAnswer,
  sampling: readonly string[],
): ContinuationPlan {
  const pieces = piecesOf(answer, ['delta/content', 'text']);
  if (pieces.length === 0 || !isPlain(request, sampling)) return REPLAY;
  const prompt = route === '/v1/chat/completions' ? chatPrompt(request) : rawPrompt(request);
  if (prompt === undefined) return REPLAY;
  const limit = limitOf(request);
  return {
    // A text may have ended at a stop string that was cut out of its last piece: only the engine knows.
    way: hasStop(request) ? 'replay-then-tokens' : 'tokens',
    prompt,
    pieces,
    sampling: Object.fromEntries(Object.entries(request).filter(([name]) => sampling.includes(name))),
    ...(limit !== undefined && { limit }),
    includeUsage: wantsUsage(request),
  };
}

/** The pieces that stand at `paths` of the one choice of an unfinished answer; none when anything else was said too. */
function piecesOf({ chunks, choices }: DeliveredAnswer, paths: readonly string[]): string[] {
  const said = [...choices].flatMap(([index, leaves]) =>
    index === 0 ? [...leaves.keys()] : ['another choice'],
  );
  if (!said.every((path) => path === 'delta/role' || paths.includes(path))) return [];
  return chunks
    .flatMap((chunk) => chunk.choices)
    .flatMap((choice) => leavesOf(choice))
    .flatMap(([path, leaf]) => (leaf.kind === 'text' && paths.includes(path) ? [leaf.text] : []));
}

function isPlain(request: Request, sampling: readonly string[]): boolean {
  const { n, tools, logprobs, response_format: format } = request;
  return (
    Object.keys(request).every((name) => HANDLED.includes(name) || sampling.includes(name)) &&
    (n ?? 1) === 1 &&
    (tools === undefined || tools === null || (Array.isArray(tools) && tools.length === 0)) &&
    !logprobs &&
    ((format ?? null) === null || (isObject(format) && format['type'] === 'text'))
  );
}

function chatPrompt(request: Request): ContinuedPrompt | undefined {
  const { messages } = request;
  if (!Array.isArray(messages) || !messages.every(isText)) return undefined;
  // The answer would have begun in the middle of a message already.
  if (isAnswer(messages.at(-1))) return undefined;
  return { kind: 'chat', request };
}

function isAnswer(message: unknown): boolean {
  return isObject(message) && message['role'] === 'assistant';
}

function isText(message: unknown): boolean {
  if (!isObject(message)) return false;
  const { content } = message;
  if (!Array.isArray(content)) return true;
  return content.every((part) => isObject(part) && part['type'] === 'text');
}

function rawPrompt({ prompt }: Request): ContinuedPrompt | undefined {
  const isTokens =
    Array.isArray(prompt) && prompt.every((token): token is number => typeof token === 'number');
  return typeof prompt === 'string' || isTokens ? { kind: 'raw', content: prompt } : undefined;
}

function hasStop({ stop }: Request): boolean {
  return typeof stop === 'string' || (Array.isArray(stop) && stop.length > 0);
}

/** As llama.cpp reads it: 0 gives one token all the same, and a negative number is no limit. */
function limitOf({
  n_predict: own,
  max_completion_tokens: newer,
  max_tokens: older,
}: Request): number | undefined {
  const limit = [own, newer, older].find((value) => typeof value === 'number');
  return limit === undefined || limit < 0 ? undefined : Math.max(1, limit);
}

export interface PrefillContinuation {
  /** The request with what was said of the answer as the beginning of its last message. */
  readonly request: Request;
  /** What was said, as it was cut into events. */
  readonly pieces: readonly string[];
  readonly limit?: number;
  readonly includeUsage: boolean;
}

/**
 * How a chat goes on that can neither go on from its tokens nor be said once more: its template writes reasoning and
 * content of the answer behind the prompt, and grammars and parsers go on from there. Undefined where something else
 * was said, such as a part of a tool call.
 */
export function planPrefill(request: Request, answer: DeliveredAnswer): PrefillContinuation | undefined {
  const { messages, n, logprobs } = request;
  const pieces = piecesOf(answer, ['delta/reasoning_content', 'delta/content']);
  if (pieces.length === 0 || !Array.isArray(messages) || isAnswer(messages.at(-1))) return undefined;
  if ((n ?? 1) !== 1 || logprobs) return undefined;
  const said = (path: string): string => {
    const leaf = answer.choices.get(0)?.get(path);
    return leaf?.kind === 'text' ? leaf.text : '';
  };
  const reasoning = said('delta/reasoning_content');
  const begun = {
    role: 'assistant',
    content: said('delta/content'),
    ...(reasoning !== '' && { reasoning_content: reasoning }),
  };
  const limit = limitOf(request);
  return {
    request: { ...request, messages: [...(messages as unknown[]), begun] },
    pieces,
    ...(limit !== undefined && { limit }),
    includeUsage: wantsUsage(request),
  };
}

/** A seed draws the same row again, so the row that goes on has another; from the old seed, to be repeatable. */
export function seedAfter(seed: unknown, tokens: number): { readonly seed?: number } {
  return typeof seed === 'number' && seed >= 0 ? { seed: (seed + tokens) % 0xffff_ffff } : {};
}
