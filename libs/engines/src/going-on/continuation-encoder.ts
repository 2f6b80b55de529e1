import type { EventTaker } from './event-filter.js';
import { DONE, encodeEvent } from './event-stream.js';
import { readEvent, type Chunk, type Members } from './streamed-event.js';
import { isObject } from '../request-body.js';
import { wholeUsage, type TokenCounts } from './whole-usage.js';

export interface ContinuationShape extends TokenCounts {
  readonly kind: 'chat' | 'raw';
  /** Id, time, model and fingerprint of the answer that goes on. */
  readonly identity: Members;
  readonly includeUsage: boolean;
}

/** Makes events of the answer that goes on from those of a raw completion that goes on with its tokens. */
export class ContinuationEncoder implements EventTaker {
  constructor(private readonly shape: ContinuationShape) {}

  take(event: Buffer): Buffer | string | undefined {
    const read = readEvent(event);
    if (read.kind !== 'chunk') return event;
    // Reports of the prefill, and the token that ends a text, say nothing.
    return 'prompt_progress' in read.chunk ? undefined : this.#encode(read.chunk) || undefined;
  }

  end(): void {
    // A stream without an end is cut off, which its reader sees.
  }

  /** All that follows when the answer had used up its tokens. */
  exhausted(): string {
    const { kind, identity } = this.shape;
    const object = kind === 'chat' ? 'chat.completion.chunk' : 'text_completion';
    const choices = [{ text: '', index: 0, logprobs: null, finish_reason: 'length' }];
    const usage = { completion_tokens: 0 };
    return this.#encode({ choices, ...identity, object, usage }) + encodeEvent(DONE);
  }

  #encode(chunk: Chunk): string {
    const { identity, kind } = this.shape;
    const [choice = {}] = chunk.choices;
    const usage = isObject(chunk['usage']) ? wholeUsage(chunk['usage'], this.shape) : undefined;
    // The engine's timings tell of the last part alone.
    const members = { ...chunk, ...identity, timings: undefined };
    if (kind === 'raw') return encodeEvent({ ...members, ...(usage && { usage }) });
    const head = { choices: [], ...identity, object: 'chat.completion.chunk' };
    const { text, finish_reason: reason = null } = choice;
    const isFinished = reason !== null;
    const spoken = typeof text === 'string' && text !== '' ? [chatChoice({ content: text }, null)] : [];
    const choices = [...spoken, ...(isFinished ? [chatChoice({}, reason)] : [])];
    const events = choices.map((each) => encodeEvent({ ...head, choices: [each] }));
    if (usage && this.shape.includeUsage) events.push(encodeEvent({ ...head, usage }));
    return events.join('');
  }
}

function chatChoice(delta: Members, finishReason: unknown): Members {
  return { finish_reason: finishReason, index: 0, delta };
}
