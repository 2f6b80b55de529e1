import { decodeImages } from './decode-images.js';
import { isObject, type JsonObject, present, readObject, readObjects, readText, refuse } from './fields.js';

const ROLES = ['system', 'user', 'assistant', 'tool', 'developer'];

/** A call of a tool whose result has not been told yet. */
interface OpenCall {
  readonly id: string;
  readonly name: string;
}

/**
 * Messages of Ollama as those of a chat completion. Ollama tells the result of a tool by the tool's name, engines know it
 * by the id of the call: so calls get ids, and a result that has none goes with the first open call of its name.
 * @param path of the list in the body
 * @throws LongshoreError that names the member at fault
 */
export function decodeMessages(body: JsonObject, path = 'messages'): JsonObject[] {
  const open: OpenCall[] = [];
  return (readObjects(body, 'messages', path) ?? []).map((message, index) =>
    decodeMessage(message, `${path}[${index}]`, open),
  );
}

function decodeMessage(message: JsonObject, path: string, open: OpenCall[]): JsonObject {
  const role = (readText(message, 'role', `${path}.role`) ?? '').toLowerCase();
  if (!ROLES.includes(role)) throw refuse(`${path}.role`, 'must be system, user, assistant or tool.');
  const text = readText(message, 'content', `${path}.content`) ?? '';
  const images = decodeImages(message, `${path}.images`);
  const content = images.length === 0 ? text : [...(text === '' ? [] : [{ type: 'text', text }]), ...images];
  if (role === 'tool') return { role, content, ...decodeResult(message, path, open) };
  const calls = decodeCalls(message, path);
  open.push(...calls.map(({ id, function: { name } }) => ({ id, name })));
  const thinking = readText(message, 'thinking', `${path}.thinking`);
  return present({
    role,
    content,
    reasoning_content: thinking === '' ? undefined : thinking,
    tool_calls: calls.length > 0 ? calls : undefined,
  });
}

interface ChatToolCall {
  readonly id: string;
  readonly type: 'function';
  readonly function: { readonly name: string; readonly arguments: string };
}

function decodeCalls(message: JsonObject, path: string): readonly ChatToolCall[] {
  const calls = readObjects(message, 'tool_calls', `${path}.tool_calls`) ?? [];
  return calls.map((call, index) => {
    const at = `${path}.tool_calls[${index}]`;
    const called = readObject(call, 'function', `${at}.function`);
    const name = called && readText(called, 'name', `${at}.function.name`);
    if (called === undefined || !name) throw refuse(`${at}.function.name`, 'is needed.');
    const id = readText(call, 'id', `${at}.id`) || `call_${path.replaceAll(/\D/g, '')}_${index}`;
    return { id, type: 'function', function: { name, arguments: argumentsOf(called, at) } };
  });
}

function argumentsOf(called: JsonObject, path: string): string {
  const value = called['arguments'] ?? {};
  // Some clients hand on what an OpenAI library gave them.
  if (typeof value === 'string') return value;
  if (isObject(value)) return JSON.stringify(value);
  throw refuse(`${path}.function.arguments`, 'must be an object.');
}

/** Which call a result is of. */
function decodeResult(message: JsonObject, path: string, open: OpenCall[]): JsonObject {
  const name =
    readText(message, 'tool_name', `${path}.tool_name`) || readText(message, 'name', `${path}.name`);
  const said = readText(message, 'tool_call_id', `${path}.tool_call_id`);
  const byId = open.findIndex(({ id }) => id === said);
  const byName = open.findIndex((call) => call.name === name);
  const found = byId >= 0 ? byId : byName;
  const [call] = open.splice(Math.max(found, 0), 1);
  return present({ tool_call_id: said || call?.id || 'call_unknown', name: name || call?.name });
}
