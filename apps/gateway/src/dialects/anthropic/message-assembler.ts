import { LongshoreError } from '#contracts';
import type { ChatChunk, ChatUsage, ToolCallDelta } from '../../chat/chat-chunk.js';
import {
  encodeEnd,
  encodeMessage,
  encodeUsage,
  type MessageEnd,
  type MessageOrigin,
  stopSequenceOf,
  UNFINISHED,
} from './encode-message.js';
import {
  type MessageBlock,
  type MessageEvent,
  PING,
  TextBlock,
  ThinkingBlock,
  ToolUseBlock,
} from './message-block.js';

/** What a message is an answer to. */
export interface MessageOptions extends MessageOrigin {
  readonly maxTokens: number | undefined;
  readonly stopSequences: readonly string[];
  readonly showThinking: boolean;
  readonly eagerTools: ReadonlySet<string>;
}

/**
 * Makes the events of a message out of the chunks of a chat completion, and the message itself. The same chunks always
 * give the same events.
 */
export class MessageAssembler {
  private readonly blocks: MessageBlock[] = [];
  private readonly calls = new Map<number, ToolUseBlock>();
  private open: MessageBlock | undefined;
  private begun = false;
  private usage: ChatUsage | undefined;
  private finishReason: string | undefined;
  private stopSequence: string | undefined;
  private end: MessageEnd = UNFINISHED;

  constructor(private readonly options: MessageOptions) {}

  /** The message as far as it is made. */
  get message(): Readonly<Record<string, unknown>> {
    const content = this.blocks.map((block) => block.encode());
    return encodeMessage(this.options, content, this.end, encodeUsage(this.usage));
  }

  /** @throws LongshoreError when the engine's pieces do not fit together */
  take(chunk: ChatChunk): MessageEvent[] {
    this.usage = chunk.usage ?? promptOf(chunk) ?? this.usage;
    const opening = this.begin();
    const choice = chunk.choices?.find(({ index = 0 }) => index === 0);
    if (choice === undefined) return opening;
    this.finishReason = choice.finish_reason ?? this.finishReason;
    this.stopSequence ??= stopSequenceOf(chunk, this.options.stopSequences);
    const { content, reasoning_content: thought, reasoning, tool_calls: calls = [] } = choice.delta ?? {};
    const thinking = thought ?? reasoning;
    return [
      ...opening,
      ...(thinking ? this.think(thinking) : []),
      ...(content ? this.say(content) : []),
      ...calls.flatMap((piece) => this.call(piece)),
    ];
  }

  /** The last events. @throws LongshoreError when the engine ended its stream and not its answer */
  finish(): MessageEvent[] {
    const { finishReason, stopSequence, calls, options, usage } = this;
    if (finishReason === undefined) {
      throw new LongshoreError('engine_failed', 'The engine ended its stream in the middle of the answer.');
    }
    const told = encodeUsage(usage);
    this.end = encodeEnd({
      finishReason,
      stopSequence,
      callsTools: calls.size > 0,
      outputTokens: told.output_tokens,
      maxTokens: options.maxTokens,
    });
    const delta = { ...this.end, container: null };
    return [
      ...this.begin(),
      ...this.closeOpen(),
      { type: 'message_delta', delta, usage: told },
      { type: 'message_stop' },
    ];
  }

  /** What the message is before it has any content; how long the prompt is, engines tell at the end at the latest. */
  private begin(): MessageEvent[] {
    if (this.begun) return [];
    this.begun = true;
    return [{ type: 'message_start', message: this.message }, PING];
  }

  private think(piece: string): MessageEvent[] {
    if (this.open instanceof ThinkingBlock) return this.open.add(piece);
    return this.change(new ThinkingBlock(this.blocks.length, this.options.showThinking), piece);
  }

  private say(piece: string): MessageEvent[] {
    if (this.open instanceof TextBlock) return this.open.add(piece);
    // What parts one tool call from the next in the text of a model is no text of the answer.
    if (this.open instanceof ToolUseBlock && piece.trim() === '') return [];
    return this.change(new TextBlock(this.blocks.length), piece);
  }

  private call({ index, id, function: called }: ToolCallDelta): MessageEvent[] {
    const piece = called?.arguments ?? '';
    const known = this.calls.get(index);
    if (known !== undefined && known !== this.open) {
      throw new LongshoreError(
        'engine_failed',
        'The engine went on with a tool call after it had begun another.',
      );
    }
    if (known !== undefined) return known.add(piece);
    const name = called?.name ?? '';
    const use = {
      id: id ?? `toolu_${this.options.id.slice(4)}${index}`,
      name,
      eager: this.options.eagerTools.has(name),
    };
    const block = new ToolUseBlock(this.blocks.length, use);
    this.calls.set(index, block);
    return this.change(block, piece);
  }

  private change(block: MessageBlock, piece: string): MessageEvent[] {
    const closing = this.closeOpen();
    this.blocks.push(block);
    this.open = block;
    return [...closing, ...block.open(), ...block.add(piece)];
  }

  private closeOpen(): MessageEvent[] {
    const closing = this.open?.close() ?? [];
    this.open = undefined;
    return closing;
  }
}

/** llama-server tells of the prompt with its first token, where it tells timings. */
function promptOf({ timings }: ChatChunk): ChatUsage | undefined {
  if (timings?.prompt_n === undefined) return undefined;
  const cached = timings.cache_n ?? 0;
  return {
    prompt_tokens: timings.prompt_n + cached,
    completion_tokens: timings.predicted_n ?? 0,
    prompt_tokens_details: { cached_tokens: cached },
  };
}

/** As server-sent events. */
export function encodeEvents(events: readonly MessageEvent[]): string {
  return events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join('');
}
