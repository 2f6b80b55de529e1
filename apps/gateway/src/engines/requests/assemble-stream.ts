type Json = Readonly<Record<string, unknown>>;

interface Choice {
  index: number;
  finish_reason: unknown;
  role: unknown;
  /** Text by the member it came in: `content`, `reasoning_content`, `text` … */
  readonly texts: Map<string, string>;
  readonly toolCalls: Map<number, Json>;
}

/**
 * An event stream of the OpenAI API as the one object it would have been without streaming; the text itself where it is
 * no such stream.
 */
export function assembleStream(text: string): string {
  const events = text.split(/\r?\n\r?\n/).flatMap(readEvent);
  const [first] = events;
  if (first === undefined) return text;
  const choices = new Map<number, Choice>();
  let rest: Json = {};
  for (const { choices: parts, ...members } of events) {
    rest = { ...rest, ...present(members) };
    if (Array.isArray(parts)) for (const part of parts) if (isObject(part)) addPart(choices, part);
  }
  const chunk = first['object'] === 'chat.completion.chunk';
  const object = chunk ? { object: 'chat.completion' } : {};
  const all = [...choices.values()].sort((a, b) => a.index - b.index);
  return JSON.stringify({ ...rest, ...object, choices: all.map((choice) => encodeChoice(choice, chunk)) });
}

function readEvent(event: string): Json[] {
  const data = event
    .split(/\r?\n/)
    .filter((line) => line.startsWith('data:'))
    .map((line) => line.slice('data:'.length).trim())
    .join('\n');
  try {
    const value: unknown = JSON.parse(data);
    return isObject(value) ? [value] : [];
  } catch {
    // The end of the stream, or where its copy was cut.
    return [];
  }
}

function addPart(choices: Map<number, Choice>, part: Json): void {
  const index = typeof part['index'] === 'number' ? part['index'] : 0;
  const choice = choices.get(index) ?? {
    index,
    finish_reason: null,
    role: undefined,
    texts: new Map<string, string>(),
    toolCalls: new Map<number, Json>(),
  };
  choices.set(index, choice);
  choice.finish_reason = part['finish_reason'] ?? choice.finish_reason;
  const delta = isObject(part['delta']) ? part['delta'] : { text: part['text'] };
  choice.role ??= delta['role'];
  for (const [name, value] of Object.entries(delta)) {
    if (typeof value === 'string' && name !== 'role')
      choice.texts.set(name, (choice.texts.get(name) ?? '') + value);
  }
  const calls = delta['tool_calls'];
  if (Array.isArray(calls)) for (const call of calls) if (isObject(call)) addToolCall(choice, call);
}

function addToolCall({ toolCalls }: Choice, call: Json): void {
  const index = typeof call['index'] === 'number' ? call['index'] : 0;
  const before = toolCalls.get(index) ?? {};
  const was = isObject(before['function']) ? before['function'] : {};
  const adds = isObject(call['function']) ? call['function'] : {};
  const written = `${textOf(was['arguments'])}${textOf(adds['arguments'])}`;
  toolCalls.set(index, {
    ...before,
    ...present(call),
    function: { ...was, ...present(adds), arguments: written },
  });
}

function encodeChoice({ index, finish_reason, role, texts, toolCalls }: Choice, chunk: boolean): Json {
  const members = Object.fromEntries(texts);
  if (!chunk) return { index, ...members, finish_reason };
  const calls = [...toolCalls.values()];
  const message = {
    role: role ?? 'assistant',
    content: null,
    ...members,
    ...(calls.length > 0 ? { tool_calls: calls } : {}),
  };
  return { index, message, finish_reason };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function present(members: Json): Json {
  return Object.fromEntries(
    Object.entries(members).filter(([, value]) => value !== undefined && value !== null),
  );
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
