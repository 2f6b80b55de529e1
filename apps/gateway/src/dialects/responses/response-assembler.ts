import type { LongshoreError } from '#contracts';
import type { ChatChunk, ChatUsage, ToolCallDelta } from '../../chat/chat-chunk.js';
import type { Item } from './fields.js';
import {
  type Draft,
  FunctionCallItem,
  type ItemStatus,
  MessageItem,
  type OutputItem,
  ReasoningItem,
} from './output-items.js';
import {
  encodeResponse,
  type ResponseOrigin,
  type ResponseProgress,
  type ResponseStatus,
  type ResponseUsage,
} from './response-object.js';
import { calledFunction } from './tool-namespaces.js';

/** One event of a response's stream. */
export type ResponseEvent = Draft & { readonly sequence_number: number };

/**
 * Makes the events of a response out of the chunks of a chat completion. The same chunks always give the same events
 * with the same ids and numbers, so any gateway can tell a stream again from the log of its chat completion.
 */
export class ResponseAssembler {
  private readonly items: OutputItem[] = [];
  private readonly done: Item[] = [];
  private readonly calls = new Map<number, FunctionCallItem>();
  private open: OutputItem | undefined;
  private finishReason: string | undefined;
  private usage: ResponseUsage | undefined;
  private failure: { readonly code: string; readonly message: string } | undefined;
  private sequence = 0;
  private ended: ResponseProgress | undefined;

  constructor(private readonly origin: ResponseOrigin) {}

  /** The response as far as it is made. */
  get progress(): ResponseProgress {
    return this.ended ?? { status: 'in_progress', output: this.output('incomplete') };
  }

  begin(): ResponseEvent[] {
    const response = (status: ResponseStatus) => encodeResponse(this.origin, { status, output: [] });
    const events: Draft[] = [
      { type: 'response.created', response: response('in_progress') },
      { type: 'response.in_progress', response: response('in_progress') },
    ];
    if (this.origin.request.background)
      events.splice(1, 0, { type: 'response.queued', response: response('queued') });
    return this.number(events);
  }

  take(chunk: ChatChunk): ResponseEvent[] {
    if (chunk.usage) this.usage = encodeUsage(chunk.usage);
    if (chunk.error) {
      this.failure = { code: 'server_error', message: chunk.error.message ?? 'The engine failed.' };
    }
    const choice = chunk.choices?.find(({ index = 0 }) => index === 0);
    if (choice === undefined) return [];
    this.finishReason = choice.finish_reason ?? this.finishReason;
    const { delta = {} } = choice;
    const { content, tool_calls: calls = [] } = delta;
    const reasoning = delta.reasoning_content ?? delta.reasoning;
    return this.number([
      ...(reasoning ? this.think(reasoning) : []),
      ...(content ? this.say(content, choice.logprobs?.content ?? []) : []),
      ...calls.flatMap((call) => this.call(call)),
    ]);
  }

  /** The last events. @param now ms since the epoch */
  finish(now: number): ResponseEvent[] {
    if (this.failure !== undefined) return this.end('failed', now);
    return this.end(this.finishReason === 'length' ? 'incomplete' : 'completed', now);
  }

  /** The last events of a response that broke off. */
  fail(error: LongshoreError, now: number): ResponseEvent[] {
    if (error.code === 'cancelled') return this.end('cancelled', now);
    this.failure = { code: 'server_error', message: error.message };
    return this.end('failed', now);
  }

  private end(status: Exclude<ResponseStatus, 'queued' | 'in_progress'>, now: number): ResponseEvent[] {
    const opening = status === 'completed' && this.items.length === 0 ? this.sayNothing() : [];
    const closing = [...opening, ...this.closeOpen(status === 'completed' ? 'completed' : 'incomplete')];
    this.ended = {
      status,
      output: this.done,
      ...(this.usage && { usage: this.usage }),
      ...(this.failure && { error: this.failure }),
      ...(status === 'incomplete' && { incompleteReason: 'max_output_tokens' as const }),
      ...(status === 'completed' && { completedAt: Math.floor(now / 1_000) }),
    };
    const type = status === 'cancelled' ? 'response.incomplete' : `response.${status}`;
    return this.number([...closing, { type, response: encodeResponse(this.origin, this.ended) }]);
  }

  private think(delta: string): Draft[] {
    if (this.open instanceof ReasoningItem) return this.open.add(delta);
    const item = new ReasoningItem(this.itemId('rs'), this.items.length);
    return [...this.change(item), ...item.add(delta)];
  }

  private say(delta: string, logprobs: readonly unknown[]): Draft[] {
    if (this.open instanceof MessageItem) return this.open.add(delta, logprobs);
    const item = new MessageItem(this.itemId('msg'), this.items.length);
    return [...this.change(item), ...item.add(delta, logprobs)];
  }

  /** An answer without a word is a message all the same. */
  private sayNothing(): Draft[] {
    return this.change(new MessageItem(this.itemId('msg'), 0));
  }

  private call(piece: ToolCallDelta): Draft[] {
    const delta = piece.function?.arguments ?? '';
    const known = this.calls.get(piece.index);
    if (known !== undefined) return known.add(delta);
    const id = this.itemId('fc');
    const called = calledFunction(this.origin.request.echoed['tools'], piece.function?.name ?? '');
    const item = new FunctionCallItem(id, this.items.length, piece.id ?? `call_${id.slice(3)}`, called);
    this.calls.set(piece.index, item);
    return [...this.change(item), ...item.add(delta)];
  }

  private change(item: OutputItem): Draft[] {
    const closing = this.closeOpen('completed');
    this.items.push(item);
    this.open = item;
    return [...closing, ...item.open()];
  }

  private closeOpen(status: ItemStatus): Draft[] {
    const { open } = this;
    if (open === undefined) return [];
    this.open = undefined;
    this.done.push(open.encode(status));
    return open.close(status);
  }

  private output(status: ItemStatus): Item[] {
    return this.open === undefined ? this.done : [...this.done, this.open.encode(status)];
  }

  private itemId(prefix: string): string {
    return `${prefix}_${this.origin.id.replace(/^resp_/, '')}${this.items.length.toString(16).padStart(2, '0')}`;
  }

  private number(drafts: readonly Draft[]): ResponseEvent[] {
    return drafts.map((draft) => ({ ...draft, sequence_number: this.sequence++ }));
  }
}

function encodeUsage(usage: ChatUsage): ResponseUsage {
  const { prompt_tokens: input = 0, completion_tokens: output = 0 } = usage;
  return {
    input_tokens: input,
    input_tokens_details: { cached_tokens: usage.prompt_tokens_details?.cached_tokens ?? 0 },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: usage.completion_tokens_details?.reasoning_tokens ?? 0 },
    total_tokens: usage.total_tokens ?? input + output,
  };
}

/** As server-sent events. */
export function encodeEvents(events: readonly ResponseEvent[]): string {
  return events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join('');
}
