import { isObject, show, type JsonObject } from './fields.js';
import { unsupported } from './parameters.js';
import { badRequest } from './request-error.js';

/** A chat message as templates expect it: `content` is always text. Other fields are the caller's own. */
export type Message = JsonObject & { readonly role: string; readonly content: string };

export interface Conversation {
  readonly messages: readonly Message[];
  /** Beginning of the answer, when the last message is the assistant's: the model goes on from there. */
  readonly answerPrefix: string;
}

/** @throws RequestError that says which message is at fault. */
export function readConversation(messages: unknown): Conversation {
  if (messages === undefined || messages === null) throw badRequest("'messages' is required.");
  if (!Array.isArray(messages)) throw badRequest(`'messages' must be a list, but is ${show(messages)}.`);
  const read = messages.map((message, index) => readMessage(message, `messages[${index}]`));
  const last = read.at(-1);
  if (last?.role !== 'assistant' || last['tool_calls'] !== undefined)
    return { messages: read, answerPrefix: '' };
  if (read.at(-2)?.role === 'assistant')
    throw badRequest('The last two messages are both from the assistant; only the last one may be.');
  return { messages: read.slice(0, -1), answerPrefix: last.content };
}

function readMessage(message: unknown, place: string): Message {
  if (!isObject(message)) throw badRequest(`${place} must be an object, but is ${show(message)}.`);
  const { role, content, tool_calls: toolCalls, ...rest } = message;
  if (typeof role !== 'string') throw badRequest(`${place}.role must be a string, but is ${show(role)}.`);
  const calls = readToolCalls(toolCalls, place);
  if (content === undefined && calls === undefined) throw badRequest(`${place} has no content.`);
  return {
    ...rest,
    // Templates know "system"; "developer" is its newer name.
    role: role === 'developer' ? 'system' : role,
    content: readContent(content, `${place}.content`),
    ...(calls === undefined ? {} : { tool_calls: calls }),
  };
}

function readContent(content: unknown, place: string): string {
  if (content === undefined || content === null) return '';
  if (typeof content === 'string') return content;
  if (!Array.isArray(content))
    throw badRequest(`${place} must be a string or a list of parts, but is ${show(content)}.`);
  return content.map((part, index) => readPart(part, `${place}[${index}]`)).join('\n');
}

function readPart(part: unknown, place: string): string {
  if (!isObject(part)) throw badRequest(`${place} must be an object, but is ${show(part)}.`);
  if (part['type'] !== 'text') throw unsupported(`content parts of type ${show(part['type'])} (${place})`);
  if (typeof part['text'] === 'string') return part['text'];
  throw badRequest(`${place}.text must be a string, but is ${show(part['text'])}.`);
}

function readToolCalls(calls: unknown, place: string): readonly JsonObject[] | undefined {
  if (calls === undefined || calls === null) return undefined;
  if (!Array.isArray(calls)) throw badRequest(`${place}.tool_calls must be a list, but is ${show(calls)}.`);
  if (calls.length === 0) return undefined;
  return calls.map((call, index) => readToolCall(call, `${place}.tool_calls[${index}]`));
}

/** The arguments become an object, as most templates expect; what is no JSON object stays a string. */
function readToolCall(call: unknown, place: string): JsonObject {
  const called = isObject(call) ? call['function'] : undefined;
  if (!isObject(call) || !isObject(called) || typeof called['name'] !== 'string')
    throw badRequest(`${place} must have a function with a name, but is ${show(call)}.`);
  return { ...call, function: { ...called, arguments: parseArguments(called['arguments']) } };
}

function parseArguments(text: unknown): unknown {
  if (typeof text !== 'string') return text ?? {};
  try {
    const parsed: unknown = JSON.parse(text);
    return isObject(parsed) ? parsed : text;
  } catch {
    return text;
  }
}
