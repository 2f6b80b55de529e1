import { decodeDemand, decodeTools, oneDemand, type Demand } from './demand.js';
import { readConversation } from './conversation.js';
import type { RenderOptions } from './chat-template.js';
import {
  isListOf,
  readBoolean,
  readNumber,
  readObject,
  readString,
  readStrings,
  show,
  type JsonObject,
} from './fields.js';
import { refuseUnsupported } from './parameters.js';
import { badRequest } from './request-error.js';
import { decodeSampling, type SamplingParameters } from './sampling-parameters.js';
import { TOP_LOGPROBS_LIMIT } from './token-logprob.js';

/** Answers to one request. */
const CHOICES_LIMIT = 128;

/** What chat and raw completions have in common. */
export interface AnswerSettings {
  readonly stream: boolean;
  /** Whether a stream of a chat ends with a chunk that carries the usage. */
  readonly includeUsage: boolean;
  /** Whether a stream of a chat ends with a chunk that says what ended the answer. */
  readonly verbose: boolean;
  /** At least 1; undefined for as much as the context holds. */
  readonly maxTokens: number | undefined;
  readonly stops: readonly string[];
  readonly sampling: SamplingParameters;
  readonly demand: Demand;
  /** How many answers, at least 1. */
  readonly choices: number;
  /** How many of the most probable tokens to tell for each token; undefined for no probabilities at all. */
  readonly topLogprobs: number | undefined;
  /** Whether tokens that a slot has computed before may be used again. */
  readonly cachePrompt: boolean;
}

export interface ChatRequest {
  readonly settings: AnswerSettings;
  readonly render: RenderOptions;
  /** Whether reasoning shall be told from the answer. */
  readonly splitReasoning: boolean;
  /** Names of the tools that are offered. */
  readonly tools: readonly string[];
  /** Whether one answer may call several. */
  readonly parallelCalls: boolean;
  /** The caller's beginning of the answer, where the answer is to repeat it. */
  readonly beginning: string;
}

export interface TextRequest {
  readonly settings: AnswerSettings;
  /** Text, or tokens. */
  readonly prompt: string | readonly number[];
}

/** A request with what it leaves open. Null leaves a field open, too. */
export function withDefaults(body: JsonObject, defaults: JsonObject): JsonObject {
  const said = Object.entries(body).filter(([, value]) => value !== null);
  return { ...defaults, ...Object.fromEntries(said) };
}

/** @throws RequestError that names the field at fault. */
export function decodeChat(body: JsonObject): ChatRequest {
  refuseUnsupported(body);
  const { offered, tools, demand } = decodeTools(body);
  const settings = decodeSettings(body);
  const effort = readString(body, 'reasoning_effort');
  const variables = {
    ...readObject(body, 'chat_template_kwargs'),
    ...(effort === undefined ? {} : { reasoning_effort: effort }),
  };
  const conversation = readConversation(body['messages']);
  const goesOn = readBoolean(body, 'continue_final_message') ?? false;
  return {
    settings: {
      ...settings,
      demand: oneDemand(settings.demand, demand),
      topLogprobs: readChatLogprobs(body),
    },
    splitReasoning: body['reasoning_format'] !== 'none',
    tools: tools.map((tool) => tool.name),
    parallelCalls: readBoolean(body, 'parallel_tool_calls') ?? true,
    beginning: goesOn ? '' : conversation.answerPrefix,
    render: {
      conversation,
      // An answer that has begun has a prompt already.
      addGenerationPrompt: goesOn || (readBoolean(body, 'add_generation_prompt') ?? true),
      ...(offered.length === 0 ? {} : { tools: offered }),
      variables,
    },
  };
}

/** @throws RequestError that names the field at fault. */
export function decodeTextCompletion(body: JsonObject): TextRequest {
  refuseUnsupported(body);
  const range = { least: 0, most: TOP_LOGPROBS_LIMIT, whole: true };
  const wanted =
    body['logprobs'] === false
      ? 0
      : (readNumber(body, 'n_probs', range) ?? readNumber(body, 'logprobs', range));
  const topLogprobs = wanted === 0 ? undefined : wanted;
  return {
    settings: { ...decodeSettings(body), topLogprobs },
    prompt: readPrompt(body['prompt'] ?? undefined),
  };
}

/** As with llama-server, the most probable tokens come along unless fewer are asked for. */
function readChatLogprobs(body: JsonObject): number | undefined {
  const top = readNumber(body, 'top_logprobs', { least: 0, most: TOP_LOGPROBS_LIMIT, whole: true });
  if (readBoolean(body, 'logprobs') === true) return top ?? TOP_LOGPROBS_LIMIT;
  if (top === undefined || top === 0) return undefined;
  throw badRequest("'top_logprobs' needs 'logprobs' to be true.");
}

function decodeSettings(body: JsonObject): AnswerSettings {
  const streamOptions = readObject(body, 'stream_options') ?? {};
  return {
    stream: readBoolean(body, 'stream') ?? false,
    includeUsage: readBoolean(streamOptions, 'include_usage') ?? false,
    verbose: readBoolean(body, 'verbose') ?? false,
    maxTokens: readMaxTokens(body),
    stops: readStrings(body, 'stop') ?? [],
    sampling: decodeSampling(body),
    demand: decodeDemand(body),
    choices: readNumber(body, 'n', { least: 1, most: CHOICES_LIMIT, whole: true }) ?? 1,
    topLogprobs: undefined,
    cachePrompt: readBoolean(body, 'cache_prompt') ?? true,
  };
}

/** Three names for one limit. -1 is no limit; 0 gives one token, as with llama-server. */
function readMaxTokens(body: JsonObject): number | undefined {
  for (const name of ['max_completion_tokens', 'max_tokens', 'n_predict']) {
    const limit = readNumber(body, name, { least: -1, whole: true });
    if (limit !== undefined) return limit === -1 ? undefined : Math.max(1, limit);
  }
  return undefined;
}

function readPrompt(prompt: unknown): string | readonly number[] {
  if (prompt === undefined) throw badRequest("'prompt' is required.");
  const only = Array.isArray(prompt) && prompt.length === 1 && !isTokenList(prompt) ? prompt[0] : prompt;
  if (typeof only === 'string' || isTokenList(only)) return only;
  throw badRequest(`'prompt' must be one string or one list of token ids, but is ${show(prompt)}.`);
}

/** Token ids: whole numbers from 0. */
export function isTokenList(value: unknown): value is number[] {
  return isListOf(value, (item): item is number => Number.isInteger(item) && Number(item) >= 0);
}
