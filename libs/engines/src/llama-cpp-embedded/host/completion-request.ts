import { decodeAnswerGrammar } from './answer-grammar.js';
import { readConversation } from './conversation.js';
import type { RenderOptions } from './chat-template.js';
import {
  isListOf,
  isObject,
  readBoolean,
  readNumber,
  readObject,
  readStrings,
  show,
  type JsonObject,
} from './fields.js';
import { refuseUnsupported } from './parameters.js';
import { badRequest } from './request-error.js';
import { decodeSampling, type SamplingParameters } from './sampling-parameters.js';

/** What chat and raw completions have in common. */
export interface AnswerSettings {
  readonly stream: boolean;
  /** Whether a stream of a chat ends with a chunk that carries the usage. */
  readonly includeUsage: boolean;
  /** At least 1; undefined for as much as the context holds. */
  readonly maxTokens: number | undefined;
  readonly stops: readonly string[];
  readonly sampling: SamplingParameters;
  /** GBNF. */
  readonly grammar: string | undefined;
  /** Whether tokens that a slot has computed before may be used again. */
  readonly cachePrompt: boolean;
}

export interface ChatRequest {
  readonly settings: AnswerSettings;
  readonly render: RenderOptions;
  /** Whether reasoning shall be told from the answer. */
  readonly splitReasoning: boolean;
}

export interface TextRequest {
  readonly settings: AnswerSettings;
  /** Text, or tokens. */
  readonly prompt: string | readonly number[];
}

/** @throws RequestError that names the field at fault. */
export function decodeChat(body: JsonObject): ChatRequest {
  refuseUnsupported(body);
  const variables = readObject(body, 'chat_template_kwargs');
  const tools = body['tool_choice'] === 'none' ? [] : readTools(body['tools'] ?? []);
  return {
    settings: decodeSettings(body),
    splitReasoning: body['reasoning_format'] !== 'none',
    render: {
      conversation: readConversation(body['messages']),
      addGenerationPrompt: readBoolean(body, 'add_generation_prompt') ?? true,
      ...(tools.length === 0 ? {} : { tools }),
      ...(variables === undefined ? {} : { variables }),
    },
  };
}

/** @throws RequestError that names the field at fault. */
export function decodeTextCompletion(body: JsonObject): TextRequest {
  refuseUnsupported(body);
  return { settings: decodeSettings(body), prompt: readPrompt(body['prompt'] ?? undefined) };
}

function decodeSettings(body: JsonObject): AnswerSettings {
  const streamOptions = readObject(body, 'stream_options') ?? {};
  return {
    stream: readBoolean(body, 'stream') ?? false,
    includeUsage: readBoolean(streamOptions, 'include_usage') ?? false,
    maxTokens: readMaxTokens(body),
    stops: readStrings(body, 'stop') ?? [],
    sampling: decodeSampling(body),
    grammar: decodeAnswerGrammar(body),
    cachePrompt: readBoolean(body, 'cache_prompt') ?? true,
  };
}

function readTools(tools: unknown): readonly JsonObject[] {
  if (!Array.isArray(tools)) throw badRequest(`'tools' must be a list, but is ${show(tools)}.`);
  return tools.map((tool: unknown, index) => {
    const described = isObject(tool) ? tool['function'] : undefined;
    if (isObject(tool) && isObject(described) && typeof described['name'] === 'string') return tool;
    throw badRequest(`tools[${index}] must have a function with a name, but is ${show(tool)}.`);
  });
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
