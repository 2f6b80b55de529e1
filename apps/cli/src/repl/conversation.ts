import type { CommandContext } from '../command-context.js';
import { coloursFor, wantsColours } from '../output/colours.js';
import { answerOnce, describeCut, describeUsage } from '../run/answer-once.js';
import type { ChatMessage, Sampling } from '../run/chat-request.js';
import { preload } from '../run/ensure-model.js';

export interface ConversationOptions {
  readonly model: string;
  /** Empty = none. */
  readonly system: string;
  readonly sampling: Sampling;
  readonly showThinking: boolean;
}

/** What has been said with a model, and how it is asked. */
export class Conversation {
  model: string;
  /** Empty = none. */
  system: string;
  sampling: Sampling;
  showThinking: boolean;
  private messages: ChatMessage[] = [];
  private readonly loading = new AbortController();

  constructor(
    private readonly context: CommandContext,
    options: ConversationOptions,
  ) {
    this.model = options.model;
    this.system = options.system;
    this.sampling = options.sampling;
    this.showThinking = options.showThinking;
  }

  /** Lets the model be loaded while the user types. What goes wrong is told when the model is asked. */
  preload(): void {
    void preload(this.context, this.model, this.loading.signal).catch(() => undefined);
  }

  /** Question and answer are remembered when the answer has come to its end. @throws CommandFailure, or an AbortError */
  async ask(content: ChatMessage['content'], signal: AbortSignal): Promise<void> {
    const { context, model, sampling, showThinking } = this;
    const question: ChatMessage = { role: 'user', content };
    const system: ChatMessage[] = this.system === '' ? [] : [{ role: 'system', content: this.system }];
    const messages = [...system, ...this.messages, question];
    const answer = await answerOnce(context, { model, messages, sampling, signal }, { showThinking });
    this.messages.push(question, { role: 'assistant', content: answer.text });
    const cut = describeCut(answer);
    if (cut !== undefined) context.note(cut);
    const { dim } = coloursFor(wantsColours(context.stderr, context.config));
    if (answer.usage !== undefined) context.note(dim(describeUsage(answer.usage)));
  }

  clear(): void {
    this.messages = [];
  }

  close(): void {
    this.loading.abort();
  }
}
