import { hash } from 'node:crypto';

/** Of a completion without messages so much counts; characters. */
const PROMPT_LENGTH = 1_024;

/** Of one text in a message so much counts, beside its length and its end: whoever sends megabytes waits for no hash. */
const TEXT_START = 4_096;
const TEXT_END = 512;

/** Values looked at in the leading messages. */
const MOST_VALUES = 256;

/** Of a key that a caller gives so much counts; characters. */
const KEY_LENGTH = 1_024;

/**
 * What requests have in common that an engine can answer from the same cached prefix: the messages up to the first of
 * the user, or the beginning of a prompt. The same for all turns of one conversation. A caller who knows better says so by
 * `prompt_cache_key`.
 * @param body a request as its caller wrote it: nothing in it needs to be well-formed
 * @returns undefined for a body without any of these
 */
export function affinityKey(body: Readonly<Record<string, unknown>>): string | undefined {
  const { messages, prompt, input, prompt_cache_key: key } = body;
  if (typeof key === 'string' && key !== '')
    return hash('sha1', `key ${key.slice(0, KEY_LENGTH)}`, 'base64url');
  const leading = Array.isArray(messages) ? leadingMessages(messages) : beginningOf(prompt ?? input);
  return leading === undefined ? undefined : hash('sha1', leading, 'base64url');
}

function leadingMessages(messages: readonly unknown[]): string | undefined {
  const first = messages.findIndex((message) => isObject(message) && message['role'] === 'user');
  if (first === -1) return undefined;
  const texts: string[] = [];
  collect(messages.slice(0, first + 1), texts);
  return texts.join('\0');
}

/** Depth is bounded because bodies are. */
function collect(value: unknown, texts: string[]): void {
  if (texts.length >= MOST_VALUES) return;
  if (typeof value === 'string') texts.push(sample(value));
  else if (Array.isArray(value)) for (const entry of value) collect(entry, texts);
  else if (isObject(value)) {
    for (const [name, entry] of Object.entries(value)) {
      texts.push(name);
      collect(entry, texts);
    }
  } else texts.push(String(value));
}

function sample(text: string): string {
  if (text.length <= TEXT_START + TEXT_END) return text;
  return `${text.length} ${text.slice(0, TEXT_START)}${text.slice(-TEXT_END)}`;
}

function beginningOf(prompt: unknown): string | undefined {
  if (typeof prompt === 'string') return prompt.slice(0, PROMPT_LENGTH);
  if (!Array.isArray(prompt) || prompt.length === 0) return undefined;
  const [first] = prompt as readonly unknown[];
  // A prompt of tokens, or several prompts.
  const tokens = typeof first === 'number' ? prompt.slice(0, PROMPT_LENGTH) : first;
  if (typeof tokens === 'string') return tokens.slice(0, PROMPT_LENGTH);
  return Array.isArray(tokens) ? tokens.slice(0, PROMPT_LENGTH).join() : undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
