import type { Item } from './fields.js';
import type { CalledFunction } from './tool-namespaces.js';

/** An event without its sequence number. */
export type Draft = { readonly type: string } & Item;

export type ItemStatus = 'in_progress' | 'completed' | 'incomplete';

/** One item of the output while it is written. */
export abstract class OutputItem {
  constructor(
    readonly id: string,
    /** Its place in the output, from 0. */
    readonly index: number,
  ) {}

  /** What announces it. */
  open(): Draft[] {
    return [
      this.event('response.output_item.added', { item: this.encode('in_progress') }),
      ...this.openPart(),
    ];
  }

  /** What ends it. */
  close(status: ItemStatus): Draft[] {
    return [...this.closePart(), this.event('response.output_item.done', { item: this.encode(status) })];
  }

  abstract encode(status: ItemStatus): Item;
  protected abstract openPart(): Draft[];
  protected abstract closePart(): Draft[];

  /** An event about this item as a whole. */
  protected event(type: string, members: Item): Draft {
    return { type, output_index: this.index, ...members };
  }

  /** An event about its one part. */
  protected part(type: string, members: Item): Draft {
    return this.event(type, { item_id: this.id, content_index: 0, ...members });
  }
}

/** The model's words. */
export class MessageItem extends OutputItem {
  private text = '';
  private readonly logprobs: unknown[] = [];

  add(delta: string, logprobs: readonly unknown[]): Draft[] {
    this.text += delta;
    this.logprobs.push(...logprobs);
    return [this.part('response.output_text.delta', { delta, logprobs })];
  }

  override encode(status: ItemStatus): Item {
    const content = status === 'in_progress' ? [] : [this.content()];
    return { id: this.id, type: 'message', status, role: 'assistant', content };
  }

  protected override openPart(): Draft[] {
    return [this.part('response.content_part.added', { part: this.content() })];
  }

  protected override closePart(): Draft[] {
    const { text, logprobs } = this;
    return [
      this.part('response.output_text.done', { text, logprobs }),
      this.part('response.content_part.done', { part: this.content() }),
    ];
  }

  private content(): Item {
    return { type: 'output_text', text: this.text, annotations: [], logprobs: [...this.logprobs] };
  }
}

/** What the model thinks before it speaks. */
export class ReasoningItem extends OutputItem {
  private text = '';

  add(delta: string): Draft[] {
    this.text += delta;
    return [this.part('response.reasoning_text.delta', { delta })];
  }

  override encode(status: ItemStatus): Item {
    const content = status === 'in_progress' ? [] : [this.content()];
    return { id: this.id, type: 'reasoning', status, summary: [], content };
  }

  protected override openPart(): Draft[] {
    return [this.part('response.content_part.added', { part: this.content() })];
  }

  protected override closePart(): Draft[] {
    return [
      this.part('response.reasoning_text.done', { text: this.text }),
      this.part('response.content_part.done', { part: this.content() }),
    ];
  }

  private content(): Item {
    return { type: 'reasoning_text', text: this.text };
  }
}

/** A function the model wants to be called. */
export class FunctionCallItem extends OutputItem {
  private arguments = '';

  constructor(
    id: string,
    index: number,
    private readonly callId: string,
    private readonly called: CalledFunction,
  ) {
    super(id, index);
  }

  add(delta: string): Draft[] {
    if (delta === '') return [];
    this.arguments += delta;
    return [this.event('response.function_call_arguments.delta', { item_id: this.id, delta })];
  }

  override encode(status: ItemStatus): Item {
    const { id, callId, called } = this;
    return { id, type: 'function_call', status, call_id: callId, ...called, arguments: this.arguments };
  }

  protected override openPart(): Draft[] {
    return [];
  }

  protected override closePart(): Draft[] {
    const { id, called } = this;
    const done = { item_id: id, name: called.name, arguments: this.arguments };
    return [this.event('response.function_call_arguments.done', done)];
  }
}
