import type { Message } from './conversation.js';

/**
 * For a template that shows no tools: says in the system message which there are and how to call one, and writes past
 * calls and their results as text.
 */
export function instructTools(messages: readonly Message[], tools: readonly unknown[]): readonly Message[] {
  const instruction = [
    'You may call these functions:',
    ...tools.map((tool) => JSON.stringify(tool)),
    'To call one, answer with nothing but {"name": <function name>, "arguments": <object with its arguments>}.',
  ].join('\n');
  const told = messages.map(asText);
  const [first, ...rest] = told;
  if (first?.role === 'system') return [{ ...first, content: `${first.content}\n\n${instruction}` }, ...rest];
  return [{ role: 'system', content: instruction }, ...told];
}

function asText(message: Message): Message {
  const { role, content, tool_calls: calls } = message;
  if (role === 'tool') return { role: 'user', content: `The function returned: ${content}` };
  if (!Array.isArray(calls)) return message;
  const written = calls.map((call: { function: object }) => JSON.stringify(call.function));
  return { role, content: [content, ...written].filter((line) => line !== '').join('\n') };
}
