import { isObject } from './fields.js';

/** One event of the stream of a message. */
export type MessageEvent = { readonly type: string } & Readonly<Record<string, unknown>>;

/** A block of content in the making. */
export interface MessageBlock {
  /** Events that begin it. */
  open(): MessageEvent[];
  /** Events for one more piece. */
  add(piece: string): MessageEvent[];
  /** Events that end it. */
  close(): MessageEvent[];
  /** The block as far as it is made. */
  encode(): Readonly<Record<string, unknown>>;
}

/** Thoughts come with a signature, which clients send back; this one says that nobody has signed them. */
const NO_SIGNATURE = Buffer.from('unsigned').toString('base64');

/** A tool's input is held back until it is whole; every so many pieces of it the client hears that there is something. */
const PIECES_A_PING = 50;

/** Where a model has not written a JSON object, this stands with its text in place of the input, as the Messages API recommends. */
const INVALID_JSON = 'INVALID_JSON';

export const PING: MessageEvent = { type: 'ping' };

export class TextBlock implements MessageBlock {
  private text = '';

  constructor(private readonly index: number) {}

  open(): MessageEvent[] {
    return [start(this.index, this.encode())];
  }

  add(piece: string): MessageEvent[] {
    this.text += piece;
    return [delta(this.index, { type: 'text_delta', text: piece })];
  }

  close(): MessageEvent[] {
    return [stop(this.index)];
  }

  encode(): Readonly<Record<string, unknown>> {
    // No `citations`, not even null, which some clients refuse: the API tells them only where there are some.
    return { type: 'text', text: this.text };
  }
}

export class ThinkingBlock implements MessageBlock {
  private thinking = '';
  private signature = '';

  /** @param shown whether the thoughts are told, or only that there are some */
  constructor(
    private readonly index: number,
    private readonly shown: boolean,
  ) {}

  open(): MessageEvent[] {
    return [start(this.index, this.encode())];
  }

  add(piece: string): MessageEvent[] {
    if (!this.shown) return [];
    this.thinking += piece;
    return [delta(this.index, { type: 'thinking_delta', thinking: piece })];
  }

  close(): MessageEvent[] {
    this.signature = NO_SIGNATURE;
    return [delta(this.index, { type: 'signature_delta', signature: NO_SIGNATURE }), stop(this.index)];
  }

  encode(): Readonly<Record<string, unknown>> {
    return { type: 'thinking', thinking: this.thinking, signature: this.signature };
  }
}

export interface ToolUse {
  readonly id: string;
  readonly name: string;
  /** Whether its input is told while it is written, whole JSON or not. */
  readonly eager: boolean;
}

/**
 * A call of a tool. Unless the caller wants it eagerly its input is told in one piece, when it is known to be a JSON
 * object.
 */
export class ToolUseBlock implements MessageBlock {
  private json = '';
  private pieces = 0;

  constructor(
    private readonly index: number,
    private readonly use: ToolUse,
  ) {}

  open(): MessageEvent[] {
    return [start(this.index, { ...this.encode(), input: {} })];
  }

  add(piece: string): MessageEvent[] {
    this.json += piece;
    if (this.use.eager) return piece === '' ? [] : [inputDelta(this.index, piece)];
    this.pieces++;
    return this.pieces % PIECES_A_PING === 0 ? [PING] : [];
  }

  close(): MessageEvent[] {
    const told = this.use.eager ? [] : [inputDelta(this.index, this.inputText())];
    return [...told, stop(this.index)];
  }

  encode(): Readonly<Record<string, unknown>> {
    const { id, name } = this.use;
    return { type: 'tool_use', id, name, input: JSON.parse(this.inputText()), caller: { type: 'direct' } };
  }

  /** As the model wrote it, where that is a JSON object. */
  private inputText(): string {
    if (this.json.trim() === '') return '{}';
    try {
      if (isObject(JSON.parse(this.json))) return this.json.trim();
    } catch {
      // Told below.
    }
    return JSON.stringify({ [INVALID_JSON]: this.json });
  }
}

function start(index: number, block: Readonly<Record<string, unknown>>): MessageEvent {
  return { type: 'content_block_start', index, content_block: block };
}

function delta(index: number, change: Readonly<Record<string, unknown>>): MessageEvent {
  return { type: 'content_block_delta', index, delta: change };
}

function inputDelta(index: number, json: string): MessageEvent {
  return delta(index, { type: 'input_json_delta', partial_json: json });
}

function stop(index: number): MessageEvent {
  return { type: 'content_block_stop', index };
}
