import { Template } from '@huggingface/jinja';
import type { ReadingOptions } from './reading/answer-reader.js';
import { callFormatOf, type CallFormat } from './reading/call-format.js';
import { instructTools } from './instruct-tools.js';
import type { Conversation, Message } from './conversation.js';
import type { JsonObject } from './fields.js';
import { RequestError, badRequest } from './request-error.js';

/** What llama.cpp uses for a model that brings no template. */
const CHATML = `{%- for message in messages %}{{ '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}{%- endfor %}{%- if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{%- endif %}`;

export interface TemplateSource {
  /** Jinja text; undefined for a model that brings none. */
  readonly template: string | undefined;
  /** Text of the special tokens; empty for a model without. */
  readonly beginOfText: string;
  readonly endOfText: string;
}

export interface RenderOptions {
  readonly conversation: Conversation;
  readonly tools?: readonly unknown[];
  /** More variables for the template, such as `enable_thinking`. */
  readonly variables?: JsonObject | undefined;
  /** False leaves the prompt open after the last message. */
  readonly addGenerationPrompt: boolean;
}

export interface ReadingWish {
  readonly splitReasoning: boolean;
  /** Names of the tools that are offered. */
  readonly tools: readonly string[];
  readonly parallelCalls: boolean;
}

/** A model's own chat template: turns a conversation into the text that the model continues. */
export class ChatTemplate {
  readonly #source: TemplateSource;
  #compiled: Template | undefined;
  #callFormat: CallFormat | undefined;

  constructor(source: TemplateSource) {
    this.#source = source;
  }

  /** How the model writes tool calls. */
  get callFormat(): CallFormat {
    return (this.#callFormat ??= callFormatOf(this.#source.template ?? CHATML));
  }

  /** What an answer to a rendered prompt may hold beside text. */
  readingOf(prompt: string, { splitReasoning, tools, parallelCalls }: ReadingWish): ReadingOptions {
    const template = this.#source.template ?? CHATML;
    const calls =
      tools.length === 0 ? undefined : { format: this.callFormat, tools, parallel: parallelCalls };
    // Channels are no text in any case.
    if (template.includes('<|channel|>')) return { reasoning: 'harmony', calls };
    const thinks = splitReasoning && template.includes('</think>');
    const opened = prompt.trimEnd().endsWith('<think>') ? 'opened' : 'possible';
    return { reasoning: thinks ? opened : 'none', calls };
  }

  /** @throws RequestError when the template refuses the conversation or cannot be understood. */
  render(options: RenderOptions): string {
    const { conversation, tools, variables, addGenerationPrompt } = options;
    const compiled = (this.#compiled ??= compile(this.#source.template ?? CHATML));
    try {
      const prompt = compiled.render({
        ...variables,
        messages: this.#instructed(conversation.messages, tools),
        ...(tools === undefined ? {} : { tools }),
        add_generation_prompt: addGenerationPrompt,
        bos_token: this.#source.beginOfText,
        eos_token: this.#source.endOfText,
      });
      return prompt + conversation.answerPrefix;
    } catch (error) {
      throw badRequest(`The model's chat template refused the messages: ${messageOf(error)}`);
    }
  }

  /** Tells the model of its tools where the template does not. */
  #instructed(messages: readonly Message[], tools: readonly unknown[] = []): readonly Message[] {
    const isSilent = tools.length > 0 && this.callFormat.needsInstruction === true;
    return isSilent ? instructTools(messages, tools) : messages;
  }
}

function compile(template: string): Template {
  try {
    return new Template(template);
  } catch (error) {
    const sentence = `The embedded llama.cpp engine does not understand this model's chat template (${messageOf(error)}). Use completions with a prompt of your own, or run a worker that has llama-server.`;
    throw new RequestError(501, sentence, 'not_supported_error');
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
