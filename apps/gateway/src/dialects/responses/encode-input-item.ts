import { isString, type Item } from './fields.js';

/** An item of a request as it is listed later: with an id, and with its short forms written out. */
export function encodeInputItem(item: Item, id: string): Item {
  const type = item['type'] ?? 'message';
  if (type !== 'message') return { id, status: 'completed', ...item };
  const { content } = item;
  const part = item['role'] === 'assistant' ? ASSISTANT_PART : { type: 'input_text' };
  const written = isString(content) ? [{ ...part, text: content }] : content;
  return { id, status: 'completed', ...item, type, content: written };
}

const ASSISTANT_PART = { type: 'output_text', annotations: [], logprobs: [] };
