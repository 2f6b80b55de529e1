import { type Block, encodeParts, joinParts, type Part, readBlocks, text } from './decode-content.js';
import {
  invalid,
  isObject,
  isString,
  join,
  optional,
  quote,
  refuseFields,
  required,
  SWITCH,
  TEXT,
} from './fields.js';
import { MESSAGE_FIELDS } from './request-fields.js';

/** A message of a chat completion. */
export type ChatMessage = Readonly<Record<string, unknown>>;

interface SystemDraft {
  readonly role: 'system';
  readonly parts: Part[];
}

interface UserDraft {
  readonly role: 'user';
  readonly parts: Part[];
}

interface ToolDraft {
  readonly role: 'tool';
  readonly id: string;
  readonly content: string;
}

interface AssistantDraft {
  readonly role: 'assistant';
  readonly parts: Part[];
  readonly reasoning: string[];
  readonly calls: ChatMessage[];
}

type Draft = SystemDraft | UserDraft | ToolDraft | AssistantDraft;

const USER_BLOCKS = ['text', 'image', 'document', 'search_result', 'tool_result'];
const RESULT_BLOCKS = ['text', 'image', 'document', 'search_result'];
const ASSISTANT_BLOCKS = ['text', 'thinking', 'redacted_thinking', 'tool_use'];
const SYSTEM_BLOCKS = ['text'];

/** Claude Code begins its system prompt with a line that differs from request to request: no cached prefix would ever fit. */
const BILLING_LINE = /^x-anthropic-billing-header:/;

/** Between the blocks of a system prompt, which are paragraphs. */
const BETWEEN_PARAGRAPHS = '\n\n';

/**
 * The system prompt and the turns of a conversation as the messages of a chat. Turns of one role in a row become one,
 * and so do system messages at the beginning, because templates know only one. Results of tools come before what else
 * their turn says, and their images after them, because the message of a tool is text.
 * @throws LongshoreError that names the block at fault
 */
export function decodeMessages(system: unknown, turns: readonly unknown[]): ChatMessage[] {
  const drafts: Draft[] = [];
  if (system !== undefined && system !== null) addSystem(drafts, system, 'system');
  for (const [index, turn] of turns.entries()) addTurn(drafts, turn, join('messages', index));
  return drafts.map(finish);
}

function addTurn(drafts: Draft[], turn: unknown, path: string): void {
  if (!isObject(turn)) throw invalid(path, 'must be an object with "role" and "content".');
  refuseFields(turn, MESSAGE_FIELDS, path);
  const { role, content } = turn;
  const within = join(path, 'content');
  if (role === 'user') return addUser(drafts, readBlocks(content, within, USER_BLOCKS), within);
  if (role === 'assistant') return addAssistant(drafts, readBlocks(content, within, ASSISTANT_BLOCKS));
  if (role === 'system') return addSystem(drafts, content, within);
  throw invalid(join(path, 'role'), `must be "user", "assistant" or "system", not ${quote(role)}.`);
}

function addSystem(drafts: Draft[], content: unknown, path: string): void {
  const words = readBlocks(content, path, SYSTEM_BLOCKS)
    .map(({ fields, path: at }) => required(fields, 'text', TEXT, at))
    .filter((paragraph) => paragraph !== '' && !BILLING_LINE.test(paragraph));
  if (words.length === 0) return;
  const paragraphs = words.join(BETWEEN_PARAGRAPHS);
  const [first] = drafts;
  if (drafts.length === 1 && first?.role === 'system') {
    first.parts.push(text(paragraphs));
    return;
  }
  drafts.push({ role: 'system', parts: [text(paragraphs)] });
}

function addUser(drafts: Draft[], blocks: readonly Block[], path: string): void {
  if (blocks.length === 0) throw invalid(path, 'must not be empty.');
  const results = blocks.filter(({ type }) => type === 'tool_result').map(readResult);
  drafts.push(...results.map(({ draft }) => draft));
  const others = blocks.filter(({ type }) => type !== 'tool_result').flatMap(encodeParts);
  const parts = [...results.flatMap(({ images }) => images), ...others];
  if (parts.length === 0) return;
  const last = drafts.at(-1);
  if (last?.role === 'user') last.parts.push(...parts);
  else drafts.push({ role: 'user', parts });
}

function readResult({ fields, path }: Block): { draft: ToolDraft; images: readonly Part[] } {
  const id = required(fields, 'tool_use_id', TEXT, path);
  const failed = optional(fields, 'is_error', SWITCH, path) === true;
  const content = fields['content'] ?? '';
  const parts = readBlocks(content, join(path, 'content'), RESULT_BLOCKS).flatMap(encodeParts);
  const images = parts.filter(({ type }) => type !== 'text');
  const words = joinParts(parts.filter(({ type }) => type === 'text'));
  const told = isString(words) ? words : '';
  return {
    draft: { role: 'tool', id, content: failed ? `Error: ${told}` : told },
    images: images.length === 0 ? [] : [text(`From the result of the tool call ${id}:`), ...images],
  };
}

function addAssistant(drafts: Draft[], blocks: readonly Block[]): void {
  const last = drafts.at(-1);
  const draft: AssistantDraft =
    last?.role === 'assistant' ? last : { role: 'assistant', parts: [], reasoning: [], calls: [] };
  if (draft !== last) drafts.push(draft);
  for (const block of blocks) addSaid(draft, block);
}

function addSaid(draft: AssistantDraft, block: Block): void {
  const { type, fields, path } = block;
  if (type === 'thinking') draft.reasoning.push(required(fields, 'thinking', TEXT, path));
  else if (type === 'tool_use') draft.calls.push(encodeCall(block));
  else if (type === 'text') draft.parts.push(...encodeParts(block));
}

function encodeCall({ fields, path }: Block): ChatMessage {
  const id = required(fields, 'id', TEXT, path);
  const name = required(fields, 'name', TEXT, path);
  const { input = {} } = fields;
  if (!isObject(input)) throw invalid(join(path, 'input'), 'must be an object.');
  return { id, type: 'function', function: { name, arguments: JSON.stringify(input) } };
}

function finish(draft: Draft): ChatMessage {
  if (draft.role === 'tool') return { role: 'tool', tool_call_id: draft.id, content: draft.content };
  if (draft.role === 'system') {
    return {
      role: 'system',
      content: draft.parts.map((part) => ('text' in part ? part.text : '')).join(BETWEEN_PARAGRAPHS),
    };
  }
  const content = joinParts(draft.parts);
  if (draft.role === 'user') return { role: 'user', content };
  const reasoning = draft.reasoning.filter((thought) => thought !== '').join('\n');
  return {
    role: 'assistant',
    content,
    ...(reasoning !== '' && { reasoning_content: reasoning }),
    ...(draft.calls.length > 0 && { tool_calls: draft.calls }),
  };
}
