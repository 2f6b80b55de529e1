import { readFileSync } from 'node:fs';
import { wrongUsage } from '../command-failure.js';
import type { Prompt } from './build-prompt.js';

export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: Prompt['content'];
}

/** What may be set for an answer; absent = what the model is used to. */
export interface Sampling {
  readonly temperature?: number;
  readonly topP?: number;
  readonly maxTokens?: number;
  readonly seed?: number;
  readonly responseFormat?: object;
}

/** Body of a streamed chat completion. */
export function chatRequest(model: string, messages: readonly ChatMessage[], sampling: Sampling): object {
  const { temperature, topP, maxTokens, seed, responseFormat } = sampling;
  return {
    model,
    messages,
    stream: true,
    stream_options: { include_usage: true },
    ...(temperature !== undefined && { temperature }),
    ...(topP !== undefined && { top_p: topP }),
    ...(maxTokens !== undefined && { max_tokens: maxTokens }),
    ...(seed !== undefined && { seed }),
    ...(responseFormat !== undefined && { response_format: responseFormat }),
  };
}

/** `json`, or a file with a JSON schema. @throws CommandFailure when it is neither */
export function readFormat(text: string): object {
  if (text === 'json') return { type: 'json_object' };
  return { type: 'json_schema', json_schema: { name: 'answer', strict: true, schema: readSchema(text) } };
}

function readSchema(path: string): object {
  let words: string;
  try {
    const schema: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (typeof schema === 'object' && schema !== null && !Array.isArray(schema)) return schema;
    words = 'it holds no JSON object';
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    words = isMissing ? 'there is no such file' : error instanceof Error ? error.message : String(error);
  }
  throw wrongUsage(`--format must be json or a file with a JSON schema; ${path} cannot be used: ${words}.`);
}
