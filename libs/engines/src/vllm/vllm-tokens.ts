import { text } from 'node:stream/consumers';
import type { LocalEndpoint } from '../endpoint.js';
import { callEngine, EngineConnectionError } from '../engine-client.js';
import type { ContinuedPrompt } from '../going-on/plan-continuation.js';
import { parseObject } from '../request-body.js';

export interface PromptTokens {
  readonly tokens: readonly number[];
  /** Tokens a prompt and its answer may have together. */
  readonly contextSize: number;
}

/** Asks one session of vLLM about tokens. What it refuses, or answers in another shape, is undefined. */
export class VllmTokens {
  constructor(
    private readonly endpoint: LocalEndpoint,
    private readonly signal: AbortSignal,
  ) {}

  /** The tokens of a prompt, as generation would make them. */
  ofPrompt(prompt: ContinuedPrompt): Promise<PromptTokens | undefined> {
    if (prompt.kind === 'chat') {
      const { messages, chat_template_kwargs: more } = prompt.request;
      return this.#tokenize({
        messages,
        add_generation_prompt: true,
        ...(more ? { chat_template_kwargs: more } : {}),
      });
    }
    const { content } = prompt;
    return typeof content === 'string'
      ? this.#tokenize({ prompt: content })
      : this.#tokenize({ prompt: '' }).then((empty) => empty && { ...empty, tokens: content });
  }

  /** The tokens of a text in the middle of an answer. */
  async ofText(content: string): Promise<readonly number[] | undefined> {
    return (await this.#tokenize({ prompt: content, add_special_tokens: false }))?.tokens;
  }

  async #tokenize(body: object): Promise<PromptTokens | undefined> {
    const { signal } = this;
    const response = await callEngine(this.endpoint, {
      route: '/tokenize',
      body: JSON.stringify(body),
      signal,
    });
    try {
      const { tokens, max_model_len: contextSize } = parseObject(await text(response.body)) ?? {};
      const isWhole = response.status === 200 && Array.isArray(tokens) && typeof contextSize === 'number';
      return isWhole && tokens.every(isNumber) ? { tokens, contextSize } : undefined;
    } catch (error) {
      signal.throwIfAborted();
      throw new EngineConnectionError('The engine broke off before it had counted tokens.', { cause: error });
    }
  }
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number';
}
