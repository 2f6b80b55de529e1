import { invalid, isObject, isString, type Item } from './fields.js';
import { qualifiedName } from './tool-namespaces.js';

/** A message of a chat completion. */
type Message = Readonly<Record<string, unknown>>;

interface Draft {
  readonly role: string;
  content?: unknown;
  reasoning?: string;
  toolCalls?: Message[];
  toolCallId?: string;
}

/**
 * Items of a conversation as the messages of a chat. What one assistant turn consists of (reasoning, text, calls)
 * becomes one message. Instructions and leading system messages become one too, because templates know only one.
 * @throws LongshoreError that names the item at fault
 */
export function encodeMessages(instructions: string | undefined, items: readonly Item[]): Message[] {
  const drafts: Draft[] = instructions === undefined ? [] : [{ role: 'system', content: instructions }];
  for (const [index, item] of items.entries()) addItem(drafts, item, `input[${index}]`);
  return drafts.map(finishMessage);
}

function addItem(drafts: Draft[], item: Item, field: string): void {
  const type = item['type'] ?? (item['role'] === undefined ? undefined : 'message');
  if (type === 'message') return addMessage(drafts, item, field);
  if (type === 'reasoning') return addReasoning(drafts, item);
  if (type === 'function_call') return addCall(drafts, item, field);
  if (type === 'function_call_output') return addOutput(drafts, item, field);
  throw invalid(
    `"${field}.type" ${JSON.stringify(type)?.slice(0, 100) ?? 'is missing and'} is not supported.`,
    'input',
  );
}

function addMessage(drafts: Draft[], item: Item, field: string): void {
  const role = item['role'] === 'developer' ? 'system' : item['role'];
  if (role !== 'user' && role !== 'assistant' && role !== 'system') {
    throw invalid(`"${field}.role" must be user, assistant, system or developer.`, 'input');
  }
  const content = encodeContent(item['content'], `${field}.content`);
  const last = drafts.at(-1);
  if (role === 'system' && last?.role === 'system' && isString(last.content) && isString(content)) {
    last.content = `${last.content}\n\n${content}`;
  } else if (
    role === 'assistant' &&
    last?.role === 'assistant' &&
    last.content === undefined &&
    !last.toolCalls
  ) {
    last.content = content;
  } else {
    drafts.push({ role, content });
  }
}

function addReasoning(drafts: Draft[], item: Item): void {
  const parts = [item['content'], item['summary']].find((list) => Array.isArray(list) && list.length > 0);
  const text = ((parts ?? []) as readonly unknown[])
    .map((part) => (isObject(part) && isString(part['text']) ? part['text'] : ''))
    .join('');
  drafts.push({ role: 'assistant', reasoning: text });
}

function addCall(drafts: Draft[], item: Item, field: string): void {
  const { call_id: id, name, namespace, arguments: text } = item;
  if (!isString(id) || !isString(name) || !isString(text)) {
    throw invalid(`"${field}" must have "call_id", "name" and "arguments", all strings.`, 'input');
  }
  const called = qualifiedName({ name, ...(isString(namespace) && { namespace }) });
  const call = { id, type: 'function', function: { name: called, arguments: text } };
  const last = drafts.at(-1);
  if (last?.role === 'assistant') (last.toolCalls ??= []).push(call);
  else drafts.push({ role: 'assistant', toolCalls: [call] });
}

function addOutput(drafts: Draft[], item: Item, field: string): void {
  const { call_id: id, output } = item;
  if (!isString(id)) throw invalid(`"${field}.call_id" must be a string.`, 'input');
  drafts.push({ role: 'tool', toolCallId: id, content: encodeContent(output, `${field}.output`) });
}

function encodeContent(content: unknown, field: string): unknown {
  if (isString(content)) return content;
  if (!Array.isArray(content)) throw invalid(`"${field}" must be a string or an array of parts.`, 'input');
  const parts = content.map((part: unknown, index) => encodePart(part, `${field}[${index}]`));
  const onlyText = parts.every((part) => part['type'] === 'text');
  return onlyText ? parts.map((part) => part['text']).join('') : parts;
}

function encodePart(part: unknown, field: string): Message {
  if (!isObject(part)) throw invalid(`"${field}" must be an object.`, 'input');
  const { type, text, refusal, image_url: url, detail } = part;
  if (type === 'input_text' || type === 'output_text' || type === 'text') {
    if (!isString(text)) throw invalid(`"${field}.text" must be a string.`, 'input');
    return { type: 'text', text };
  }
  if (type === 'refusal' && isString(refusal)) return { type: 'text', text: refusal };
  if (type === 'input_image') {
    if (!isString(url))
      throw invalid(`"${field}.image_url" must be a string; files are not stored here.`, 'input');
    return { type: 'image_url', image_url: { url, ...(detail !== undefined && { detail }) } };
  }
  if (type === 'input_audio') return part;
  throw invalid(
    `"${field}.type" ${JSON.stringify(type)?.slice(0, 100) ?? 'is missing and'} is not supported.`,
    'input',
  );
}

function finishMessage({ role, content, reasoning, toolCalls, toolCallId }: Draft): Message {
  return {
    role,
    content: content ?? '',
    ...(reasoning !== undefined && { reasoning_content: reasoning }),
    ...(toolCalls !== undefined && { tool_calls: toolCalls }),
    ...(toolCallId !== undefined && { tool_call_id: toolCallId }),
  };
}
