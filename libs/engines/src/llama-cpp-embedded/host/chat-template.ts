import { Template } from '@huggingface/jinja';
import type { ReadingOptions } from './answer-reader.js';
import type { Conversation } from './conversation.js';
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
  readonly variables?: JsonObject;
  /** False leaves the prompt open after the last message. */
  readonly addGenerationPrompt: boolean;
}

export interface ReadingWish {
  readonly splitReasoning: boolean;
  readonly toolCalls: boolean;
}

/** A model's own chat template: turns a conversation into the text that the model continues. */
export class ChatTemplate {
  readonly #source: TemplateSource;
  #compiled: Template | undefined;

  constructor(source: TemplateSource) {
    this.#source = source;
  }

  /** Whether tool calls are written as `<tool_call>` with JSON inside, the only form that this engine reads. */
  get writesHermesCalls(): boolean {
    const template = this.#source.template ?? CHATML;
    return template.includes('<tool_call>') && !template.includes('<function=');
  }

  /** What an answer to a rendered prompt may hold beside text. */
  readingOf(prompt: string, { splitReasoning, toolCalls }: ReadingWish): ReadingOptions {
    const thinks = splitReasoning && (this.#source.template ?? CHATML).includes('</think>');
    const opened = prompt.trimEnd().endsWith('<think>') ? 'opened' : 'possible';
    return { reasoning: thinks ? opened : 'none', toolCalls };
  }

  /** @throws RequestError when the template refuses the conversation or cannot be understood. */
  render(options: RenderOptions): string {
    const { conversation, tools, variables, addGenerationPrompt } = options;
    const compiled = (this.#compiled ??= compile(this.#source.template ?? CHATML));
    try {
      const prompt = compiled.render({
        ...variables,
        messages: conversation.messages,
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
