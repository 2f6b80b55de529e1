import type { EngineSession } from '../engine.js';

/** One event of a streamed chat, as far as the contract reads it. */
export interface ChatChunk {
  readonly choices?: readonly {
    readonly delta?: { readonly content?: string | null };
    readonly finish_reason?: string | null;
  }[];
  readonly usage?: Usage | null;
}

export interface Usage {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly total_tokens: number;
}

export interface ChatAnswer {
  readonly choices: readonly {
    readonly message: { readonly content: string };
    readonly finish_reason: string;
  }[];
  readonly usage: Usage;
  readonly model: string;
}

export interface ChatOptions {
  readonly prompt: string;
  readonly signal?: AbortSignal;
  /** Further members of the body. */
  readonly more?: Readonly<Record<string, unknown>>;
}

/** A chat without streaming. Throws the engine's own words when the status is not 200. */
export async function ask(session: EngineSession, options: ChatOptions): Promise<ChatAnswer> {
  const { status, body } = await post(session, options, false);
  const text = (await body.setEncoding('utf8').toArray()).join('');
  if (status !== 200) throw new Error(`The engine answered ${status}: ${text}`);
  return JSON.parse(text) as ChatAnswer;
}

/** The chunks of a streamed chat, up to `[DONE]`. A stream that ends without it throws. */
export async function* askStreaming(session: EngineSession, options: ChatOptions): AsyncGenerator<ChatChunk> {
  const { status, body } = await post(session, options, true);
  let rest = '';
  for await (const piece of body.setEncoding('utf8')) {
    rest += String(piece);
    const events = rest.split('\n\n');
    rest = events.pop() ?? '';
    for (const event of events.filter((text) => text.startsWith('data: '))) {
      if (event === 'data: [DONE]') return;
      yield JSON.parse(event.slice('data: '.length)) as ChatChunk;
    }
  }
  throw new Error(`The stream (status ${status}) ended without [DONE]; left over: ${rest}`);
}

/** The whole text of a streamed chat. */
export async function askForText(session: EngineSession, options: ChatOptions): Promise<string> {
  let text = '';
  for await (const chunk of askStreaming(session, options)) text += chunk.choices?.[0]?.delta?.content ?? '';
  return text;
}

function post(session: EngineSession, options: ChatOptions, stream: boolean) {
  const body = JSON.stringify({
    messages: [{ role: 'user', content: options.prompt }],
    temperature: 0,
    stream,
    ...options.more,
  });
  const signal = options.signal ?? new AbortController().signal;
  return session.call({ route: '/v1/chat/completions', body, signal });
}
