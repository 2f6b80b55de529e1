import type { LlamaModel, Token } from 'node-llama-cpp';
import type { AnswerSettings } from './completion-request.js';
import { RequestError, badRequest } from './request-error.js';
import { samplingOptions } from './sampling-options.js';
import type { DecodedToken, SequenceSlot } from './sequence-slot.js';
import type { SlotPool } from './slot-pool.js';
import { StopMatcher } from './stop-matcher.js';
import { spellLogprob, type SpelledLogprob } from './token-logprob.js';
import { TokenText } from './token-text.js';
import type { AnswerEnd, TextPiece, WrittenText } from './written-answer.js';

export type GenerationSettings = Pick<
  AnswerSettings,
  'maxTokens' | 'stops' | 'sampling' | 'cachePrompt' | 'topLogprobs'
> & {
  /** GBNF. */
  readonly grammar: string | undefined;
  readonly seed: number;
  /** Tags whose text is wanted also where they are special tokens. */
  readonly shownTags: readonly string[];
};

/** Writes answers: waits for a slot, decodes, turns tokens into text, and ends where the request says. */
export class TextGenerator {
  readonly #model: LlamaModel;
  readonly #slots: SlotPool<SequenceSlot>;
  /** Tokens a slot holds, prompt and answer together. */
  readonly #contextSize: number;
  constructor(model: LlamaModel, slots: SlotPool<SequenceSlot>, contextSize: number) {
    this.#model = model;
    this.#slots = slots;
    this.#contextSize = contextSize;
  }

  /**
   * Yields non-empty pieces of the answer as they are known; returns how it ended.
   * @throws RequestError, before the first piece, when the prompt or a parameter does not fit the model.
   * @throws the signal's reason; the slot is free by then.
   */
  async *generate(prompt: Token[], settings: GenerationSettings, signal: AbortSignal): WrittenText {
    this.#checkLength(prompt.length);
    const tokens = [...prompt];
    const evaluate = await samplingOptions(this.#model, {
      sampling: settings.sampling,
      grammar: settings.grammar,
      tokens,
      seed: settings.seed,
    });
    const slot = await this.#slots.acquire(prompt, signal);
    try {
      const progress = new Progress(prompt.length);
      const onCached = progress.cached.bind(progress);
      const { cachePrompt, topLogprobs } = settings;
      const logprobs = topLogprobs !== undefined;
      const decoded = slot.decode({ prompt, evaluate, logprobs, cachePrompt, signal, onCached });
      return yield* this.#write(decoded, tokens, settings, progress);
    } finally {
      this.#slots.release(slot);
    }
  }

  async *#write(
    decoded: AsyncGenerator<DecodedToken, void, void>,
    tokens: Token[],
    settings: GenerationSettings,
    progress: Progress,
  ): WrittenText {
    const model = this.#model;
    const text = this.#tokenText(settings.shownTags);
    const stops = new StopMatcher(settings.stops);
    const room = this.#contextSize - tokens.length;
    const limit = Math.min(settings.maxTokens ?? room, room);
    const spell = (id: number): string => model.detokenize([id as Token], false);
    let logprobs: SpelledLogprob[] = [];
    const piece = (released: string): TextPiece => {
      const told = { text: released, logprobs };
      logprobs = [];
      return told;
    };
    for await (const { token, logprob } of decoded) {
      progress.token();
      tokens.push(token);
      if (logprob !== undefined) logprobs.push(spellLogprob(logprob, settings.topLogprobs ?? 0, spell));
      if (model.isEogToken(token)) {
        const own = logprobs.splice(-1);
        const { text: rest, stopped, stop } = stops.push(text.flush());
        const tail = stopped ? rest : rest + stops.flush();
        if (tail !== '') yield piece(tail);
        return progress.end('stop', [...logprobs, ...own], stop);
      }
      const released = stops.push(text.push(token));
      if (released.text !== '') yield piece(released.text);
      if (released.stopped) return progress.end('stop', logprobs, released.stop);
      if (progress.completionTokens >= limit) break;
    }
    const rest = stops.push(text.flush());
    const tail = rest.stopped ? rest.text : rest.text + stops.flush();
    if (tail !== '') yield piece(tail);
    return progress.end(rest.stopped ? 'stop' : 'length', logprobs, rest.stop);
  }

  #tokenText(shownTags: readonly string[]): TokenText {
    const model = this.#model;
    const shown = new Set(
      shownTags.map((tag) => model.tokenize(tag, true)).flatMap((tag) => (tag.length === 1 ? tag : [])),
    );
    return new TokenText((held, before) => {
      const special = held.some((token) => shown.has(token as Token));
      return model.detokenize(held as Token[], special, before as Token[]);
    });
  }

  #checkLength(promptTokens: number): void {
    if (promptTokens === 0) throw badRequest('The prompt is empty.');
    if (promptTokens < this.#contextSize) return;
    throw new RequestError(
      400,
      `request (${promptTokens} tokens) exceeds the available context size (${this.#contextSize} tokens), try increasing it`,
      'exceed_context_size_error',
      { n_prompt_tokens: promptTokens, n_ctx: this.#contextSize },
    );
  }
}

/** Counts and times one answer. */
class Progress {
  completionTokens = 0;
  #cachedTokens = 0;
  readonly #promptTokens: number;
  readonly #start = performance.now();
  #firstToken = 0;

  constructor(promptTokens: number) {
    this.#promptTokens = promptTokens;
  }

  cached(tokens: number): void {
    this.#cachedTokens = tokens;
  }

  token(): void {
    if (this.completionTokens === 0) this.#firstToken = performance.now();
    this.completionTokens += 1;
  }

  end(
    finishReason: AnswerEnd['finishReason'],
    logprobs: readonly SpelledLogprob[],
    stop: string | undefined,
  ): AnswerEnd {
    return {
      finishReason,
      ...(stop !== undefined && { stop }),
      promptTokens: this.#promptTokens,
      cachedTokens: this.#cachedTokens,
      completionTokens: this.completionTokens,
      promptMs: this.#firstToken - this.#start,
      completionMs: performance.now() - this.#firstToken,
      logprobs,
    };
  }
}
