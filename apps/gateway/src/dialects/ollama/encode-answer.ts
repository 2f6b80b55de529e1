import { LongshoreError } from '#contracts';
import type { ChatChoice, ChatChunk, ChatTimings, ChatUsage, ToolCallDelta } from '../../chat/chat-chunk.js';
import { isObject, type JsonObject } from './fields.js';
import type { AnswerShape } from './ollama-call.js';

const NS_PER_MS = 1e6;

/** A choice of a text completion, or of a chat completion. */
type AnyChoice = ChatChoice & { readonly text?: string };

export interface OllamaToolCall {
  readonly id: string;
  readonly function: { readonly index: number; readonly name: string; readonly arguments: JsonObject };
}

/** What one chunk of an answer adds. */
export interface AnswerPiece {
  readonly content: string;
  readonly thinking: string;
  readonly toolCalls: readonly OllamaToolCall[];
  readonly logprobs: readonly JsonObject[];
}

export interface AnswerSettings {
  readonly shape: AnswerShape;
  /** As the caller wrote it. */
  readonly model: string;
  readonly thinking: boolean;
  /** When the request came; ms of a clock that only goes forward. */
  readonly startedAt: number;
}

/** The tokens and the time of an answer, in the words of Ollama; durations in ns. */
interface Metrics {
  readonly total_duration: number;
  readonly load_duration: number;
  readonly prompt_eval_count?: number;
  readonly prompt_eval_duration: number;
  readonly eval_count?: number;
  readonly eval_duration: number;
}

/** Makes an answer of Ollama out of the chunks of a completion. `now` is of the clock of `startedAt`. */
export class AnswerEncoder {
  private readonly calls = new Map<number, { id: string; name: string; text: string }>();
  private toldCalls = 0;
  private firstAt: number | undefined;
  private finishReason: string | undefined;
  private usage: ChatUsage | undefined;
  private timings: ChatTimings | undefined;

  constructor(private readonly settings: AnswerSettings) {}

  /** @returns undefined when the chunk adds nothing. @throws LongshoreError `engine_failed` for a call that cannot be read */
  take(chunk: ChatChunk, now: number): AnswerPiece | undefined {
    this.usage = chunk.usage ?? this.usage;
    this.timings = chunk.timings ?? this.timings;
    const choice: AnyChoice | undefined = chunk.choices?.find(({ index = 0 }) => index === 0);
    if (choice === undefined) return undefined;
    const { content, reasoning_content: thought, reasoning, tool_calls: calls = [] } = choice.delta ?? {};
    for (const delta of calls) this.collect(delta);
    const finished = choice.finish_reason ?? undefined;
    this.finishReason = finished ?? this.finishReason;
    const thinking = this.settings.thinking ? (thought ?? reasoning ?? '') : '';
    const toolCalls = this.completeCalls(finished);
    const logprobs = logprobsOf(choice);
    const text = content ?? choice.text ?? '';
    if (text !== '' || thought || reasoning || calls.length > 0) this.firstAt ??= now;
    if (text === '' && thinking === '' && toolCalls.length === 0 && logprobs.length === 0) return undefined;
    return { content: text, thinking, toolCalls, logprobs };
  }

  /** One line of a stream. @param time as Ollama writes it */
  line(piece: AnswerPiece, time: string): JsonObject {
    return { ...this.head(time), ...this.contentOf(piece), done: false };
  }

  /** The last line of a stream. */
  lastLine(now: number, time: string): JsonObject {
    return { ...this.head(time), ...this.contentOf(NOTHING), ...this.end(now) };
  }

  /** The answer where it is not streamed. */
  whole(pieces: readonly AnswerPiece[], now: number, time: string): JsonObject {
    const all = {
      content: pieces.map(({ content }) => content).join(''),
      thinking: pieces.map(({ thinking }) => thinking).join(''),
      toolCalls: pieces.flatMap(({ toolCalls }) => toolCalls),
      logprobs: pieces.flatMap(({ logprobs }) => logprobs),
    };
    return { ...this.head(time), ...this.contentOf(all), ...this.end(now) };
  }

  private head(time: string): JsonObject {
    return { model: this.settings.model, created_at: time };
  }

  private contentOf({ content, thinking, toolCalls, logprobs }: AnswerPiece): JsonObject {
    const thoughts = thinking === '' ? {} : { thinking };
    const rated = logprobs.length === 0 ? {} : { logprobs };
    if (this.settings.shape === 'generate') return { response: content, ...thoughts, ...rated };
    const calls = toolCalls.length === 0 ? {} : { tool_calls: toolCalls };
    return { message: { role: 'assistant', content, ...thoughts, ...calls }, ...rated };
  }

  private end(now: number): JsonObject {
    const reason = this.finishReason === 'length' ? 'length' : 'stop';
    return { done: true, done_reason: reason, ...this.metrics(now) };
  }

  /** From what the engine says of its time, else from when its tokens came. */
  private metrics(now: number): Metrics {
    const { startedAt } = this.settings;
    const { timings, usage } = this;
    const first = this.firstAt ?? now;
    const promptMs = timings?.prompt_ms ?? 0;
    const prompt = usage?.prompt_tokens ?? countOf(timings?.prompt_n, timings?.cache_n);
    const evaluated = usage?.completion_tokens ?? timings?.predicted_n;
    return {
      total_duration: ns(now - startedAt),
      load_duration: ns(Math.max(0, first - startedAt - promptMs)),
      ...(prompt !== undefined && { prompt_eval_count: prompt }),
      prompt_eval_duration: ns(promptMs),
      ...(evaluated !== undefined && { eval_count: evaluated }),
      eval_duration: ns(timings?.predicted_ms ?? now - first),
    };
  }

  private collect({ index, id, function: called }: ToolCallDelta): void {
    const call = this.calls.get(index) ?? { id: '', name: '', text: '' };
    this.calls.set(index, call);
    call.id ||= id ?? '';
    call.name ||= called?.name ?? '';
    call.text += called?.arguments ?? '';
  }

  /** Calls are told whole: each when the next one begins, the last when the answer ends. */
  private completeCalls(finished: string | undefined): readonly OllamaToolCall[] {
    const all = [...this.calls].sort(([a], [b]) => a - b);
    const complete = finished === undefined ? all.slice(0, -1) : all;
    const due = complete.slice(this.toldCalls);
    this.toldCalls = Math.max(this.toldCalls, complete.length);
    return due.flatMap(([, { id, name, text }], offset) => {
      const args = parseArguments(text);
      const index = this.toldCalls - due.length + offset;
      if (args !== undefined) return [{ id, function: { index, name, arguments: args } }];
      // A call in whose middle the answer had to end is none.
      if (finished === 'length') return [];
      const words = `The model called ${name} with arguments that are no JSON object: ${text.slice(0, 200)}`;
      throw new LongshoreError('engine_failed', words);
    });
  }
}

const NOTHING: AnswerPiece = { content: '', thinking: '', toolCalls: [], logprobs: [] };

/** What is answered when a model was only to be loaded or unloaded. */
export function encodeResidency(
  { shape, model }: Pick<AnswerSettings, 'shape' | 'model'>,
  reason: 'load' | 'unload',
  time: string,
): JsonObject {
  const told = shape === 'chat' ? { message: { role: 'assistant', content: '' } } : { response: '' };
  return { model, created_at: time, ...told, done_reason: reason, done: true };
}

function parseArguments(text: string): JsonObject | undefined {
  if (text.trim() === '') return {};
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function countOf(...counts: readonly (number | undefined)[]): number | undefined {
  const known = counts.filter((count) => count !== undefined);
  return known.length === 0 ? undefined : known.reduce((sum, count) => sum + count, 0);
}

function ns(ms: number): number {
  return Math.round(ms * NS_PER_MS);
}

function logprobsOf({ logprobs }: AnyChoice): readonly JsonObject[] {
  return (logprobs?.content ?? []).filter(isObject).map((entry) => {
    const { top_logprobs: top } = entry;
    const others = Array.isArray(top) ? top.filter(isObject).map(rated) : [];
    return { ...rated(entry), ...(others.length > 0 && { top_logprobs: others }) };
  });
}

function rated({ token, logprob, bytes }: JsonObject): JsonObject {
  return { token, logprob, ...(Array.isArray(bytes) && { bytes }) };
}
