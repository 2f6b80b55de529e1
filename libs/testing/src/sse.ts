/** One block of an event stream: what stands between two empty lines. */
export interface SseEvent {
  /** Data lines joined by line feeds; absent in a block of comments. */
  readonly data?: string;
  readonly event?: string;
  readonly id?: string;
  /** Comment lines joined by line feeds, without the colon and the space after it. */
  readonly comment?: string;
}

const FIELDS = ['data', 'event', 'id', 'retry'];

/**
 * Reads a whole event stream. Stricter than clients are, so that tests notice what clients would forgive: the stream
 * must be UTF-8, know only the fields of the standard, have nothing but line feeds between lines, and end with an
 * empty line.
 * @throws Error that shows what is wrong
 */
export function parseSse(stream: Uint8Array): SseEvent[] {
  const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(stream);
  if (text === '') return [];
  if (text.includes('\r')) throw new Error('The event stream has a carriage return.');
  if (!text.endsWith('\n\n')) {
    throw new Error(`The event stream is cut off; it ends with ${JSON.stringify(text.slice(-80))}.`);
  }
  return text.slice(0, -2).split('\n\n').map(parseBlock);
}

function parseBlock(block: string): SseEvent {
  const fields = new Map<string, string[]>();
  for (const line of block.split('\n')) {
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(colon, 0));
    if (colon < 0 || (name !== '' && !FIELDS.includes(name))) {
      throw new Error(`The event stream has the line ${JSON.stringify(line)}.`);
    }
    const key = name === '' ? 'comment' : name;
    fields.set(key, [...(fields.get(key) ?? []), line.slice(colon + 1).replace(/^ /, '')]);
  }
  return Object.fromEntries([...fields].map(([name, lines]) => [name, lines.join('\n')]));
}

export interface ToolCallText {
  name: string;
  arguments: string;
}

/** What the chunks of one streamed chat completion, or text completion, say together; of choice 0. */
export interface AssembledChat {
  text: string;
  reasoning: string;
  readonly toolCalls: ToolCallText[];
  finishReason: string | undefined;
  usage: { readonly prompt_tokens: number; readonly completion_tokens: number } | undefined;
  /** Chunks that carried text. */
  textChunks: number;
}

interface Chunk {
  readonly choices: readonly {
    readonly text?: string;
    readonly finish_reason?: string | null;
    readonly delta?: {
      readonly content?: string | null;
      readonly reasoning_content?: string | null;
      readonly tool_calls?: readonly {
        readonly index: number;
        readonly function: { readonly name?: string; readonly arguments?: string };
      }[];
    };
  }[];
  readonly usage?: AssembledChat['usage'] | null;
}

/**
 * Joins an OpenAI stream.
 * @throws Error when an event is no JSON, or `[DONE]` is missing, comes twice or is not the last event
 */
export function assembleChat(events: readonly SseEvent[]): AssembledChat {
  const datas = events.flatMap(({ data }) => (data === undefined ? [] : [data]));
  if (datas.indexOf('[DONE]') !== datas.length - 1)
    throw new Error('The stream does not end with one [DONE].');
  const chat: AssembledChat = {
    text: '',
    reasoning: '',
    toolCalls: [],
    finishReason: undefined,
    usage: undefined,
    textChunks: 0,
  };
  for (const data of datas.slice(0, -1)) addChunk(chat, JSON.parse(data) as Chunk);
  return chat;
}

function addChunk(chat: AssembledChat, { choices, usage }: Chunk): void {
  if (usage) chat.usage = usage;
  const [choice] = choices;
  const text = choice?.delta?.content ?? choice?.text ?? '';
  if (text !== '') chat.textChunks++;
  chat.text += text;
  chat.reasoning += choice?.delta?.reasoning_content ?? '';
  chat.finishReason = choice?.finish_reason ?? chat.finishReason;
  for (const call of choice?.delta?.tool_calls ?? []) {
    const known = (chat.toolCalls[call.index] ??= { name: '', arguments: '' });
    known.name += call.function.name ?? '';
    known.arguments += call.function.arguments ?? '';
  }
}
