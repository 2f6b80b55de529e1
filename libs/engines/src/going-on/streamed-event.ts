import { isObject, parseObject } from '../request-body.js';
import { DONE, dataOf } from './event-stream.js';

/** One event of a streamed completion, as far as going on needs to tell. */
export type StreamedEvent =
  | { readonly kind: 'chunk'; readonly chunk: Chunk }
  /** The engine's own failure; it ends the answer. */
  | { readonly kind: 'error' }
  | { readonly kind: 'done' }
  /** A comment, for example. */
  | { readonly kind: 'nothing' }
  | { readonly kind: 'unreadable' };

export type Members = Readonly<Record<string, unknown>>;

export interface Chunk extends Members {
  readonly choices: readonly Members[];
}

export function readEvent(event: Buffer): StreamedEvent {
  const data = dataOf(event);
  // llama-server writes `null` between the answers to several prompts.
  if (data === undefined || data === 'null') return { kind: 'nothing' };
  if (data.trim() === DONE) return { kind: 'done' };
  const value = parseObject(data);
  if (value === undefined) return { kind: 'unreadable' };
  if (event.toString('latin1').startsWith('error:') || isObject(value['error'])) return { kind: 'error' };
  const { choices = [] } = value;
  if (!Array.isArray(choices) || !choices.every(isObject)) return { kind: 'unreadable' };
  return { kind: 'chunk', chunk: { ...value, choices } };
}

/** What is the same in all chunks of one answer and other in each answer. */
const IDENTITY = ['id', 'created', 'model', 'system_fingerprint'];

export function identityOf(chunk: Members): Members {
  return Object.fromEntries(IDENTITY.flatMap((name) => (name in chunk ? [[name, chunk[name]]] : [])));
}
