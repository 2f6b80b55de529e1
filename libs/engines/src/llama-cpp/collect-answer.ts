import type { Readable } from 'node:stream';
import type { Members } from '../going-on/streamed-event.js';
import { ChoiceCollector, type StreamedChoice } from './choice-collector.js';
import { sumUsages } from './sum-usages.js';

interface StreamedEvent {
  readonly choices?: readonly StreamedChoice[];
  readonly error?: { readonly code?: number };
  readonly prompt_progress?: unknown;
  readonly usage?: Members | null;
  readonly object?: string;
  readonly [member: string]: unknown;
}

export interface CollectedAnswer {
  readonly status: number;
  readonly json: string;
}

/**
 * Puts the answer together that llama-server would have given without streaming. An error in the stream becomes the
 * whole answer, with its status. One thing differs: log probabilities of a chat lack the end-of-text token, which has
 * no text and which OpenAI does not list either. And the usage is that of all choices.
 * @param choicesEach how many choices each prompt has
 * @throws the error that ended `body`, also when it ended too early
 */
export async function collectAnswer(body: Readable, choicesEach: number): Promise<CollectedAnswer> {
  const choices = new Map<number, ChoiceCollector>();
  const usages: Members[] = [];
  let shared: Record<string, unknown> = {};
  for await (const event of eventsOf(body)) {
    if (event.error !== undefined) {
      return { status: event.error.code ?? 500, json: JSON.stringify({ error: event.error }) };
    }
    const { choices: pieces = [], prompt_progress: report, ...rest } = event;
    if (report !== undefined) continue;
    if (event.usage) usages.push(event.usage);
    shared = { ...shared, ...withoutNulls(rest) };
    for (const piece of pieces) {
      const choice = choices.get(piece.index) ?? new ChoiceCollector(piece.index);
      choices.set(piece.index, choice);
      choice.add(piece);
    }
  }
  const ordered = [...choices.values()].toSorted((a, b) => a.index - b.index);
  const object = shared['object'] === 'chat.completion.chunk' ? 'chat.completion' : shared['object'];
  const usage = usages.length > 0 && { usage: sumUsages(usages, choicesEach) };
  const finished = ordered.map((choice) => choice.finished());
  return { status: 200, json: JSON.stringify({ choices: finished, ...shared, ...usage, object }) };
}

/** Everything up to `[DONE]`. */
async function* eventsOf(body: Readable): AsyncGenerator<StreamedEvent> {
  let rest = '';
  for await (const piece of body.setEncoding('utf8')) {
    rest += String(piece);
    const texts = rest.split('\n\n');
    rest = texts.pop() ?? '';
    for (const text of texts) {
      const data = /^(?:data|error): (.*)$/s.exec(text)?.[1];
      if (data === '[DONE]') return;
      if (data !== undefined) yield readEvent(text, data);
    }
  }
  throw new Error('The stream ended before it was complete.');
}

/** Older versions write `error: {…}` instead of a `data` event with an error member. */
function readEvent(text: string, data: string): StreamedEvent {
  const value = JSON.parse(data) as StreamedEvent;
  return text.startsWith('error: ') && value.error === undefined
    ? { error: value as { readonly code?: number } }
    : value;
}

function withoutNulls(members: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== null));
}
