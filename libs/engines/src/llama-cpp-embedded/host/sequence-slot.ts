import type { LlamaContextSequence, SequenceEvaluateOptions, Token } from 'node-llama-cpp';
import type { EraseGate } from './erase-gate.js';
import { commonPrefix, type Slot } from './slot-pool.js';
import type { TokenLogprob } from './token-logprob.js';

export interface DecodedToken {
  readonly token: Token;
  /** There when it was asked for. */
  readonly logprob?: TokenLogprob;
}

export interface DecodeOptions {
  /** Must fit the context, and have at least one token. */
  readonly prompt: readonly Token[];
  readonly evaluate: SequenceEvaluateOptions;
  /** Whether to tell how probable each token was. */
  readonly logprobs: boolean;
  readonly cachePrompt: boolean;
  readonly signal: AbortSignal;
  /** Called once, before anything is computed, with the number of prompt tokens that need no computing. */
  readonly onCached: (tokens: number) => void;
}

/** One sequence of the context: the KV cache of one request at a time. */
export class SequenceSlot implements Slot {
  readonly #sequence: LlamaContextSequence;
  readonly #gate: EraseGate;

  constructor(sequence: LlamaContextSequence, gate: EraseGate) {
    this.#sequence = sequence;
    this.#gate = gate;
  }

  cachedTokens(): readonly number[] {
    return this.#sequence.contextTokens;
  }

  /**
   * Gives the tokens that follow the prompt, the end-of-generation token included; the consumer stops. The slot is at
   * rest once the generator has returned, at most one computing step after the signal aborts.
   * @throws the signal's reason.
   */
  async *decode(options: DecodeOptions): AsyncGenerator<DecodedToken, void, void> {
    const { prompt, signal } = options;
    const cached = await this.#keepPrefix(prompt, options.cachePrompt);
    options.onCached(cached);
    const rest = await this.#prefill(prompt.slice(cached), signal);
    // Telling probabilities costs, so only who asks pays.
    const tokens = options.logprobs
      ? this.#sequence.evaluateWithMetadata(rest, { confidence: true }, options.evaluate)
      : this.#sequence.evaluate(rest, options.evaluate);
    try {
      for (;;) {
        await this.#gate.whenOpen();
        signal.throwIfAborted();
        const next = await tokens.next();
        signal.throwIfAborted();
        if (next.done === true) return;
        yield readToken(next.value);
      }
    } finally {
      await tokens.return();
    }
  }

  /** Erases what does not belong to the prompt, and its last token, which must be computed to continue. */
  async #keepPrefix(prompt: readonly Token[], cachePrompt: boolean): Promise<number> {
    const sequence = this.#sequence;
    const reusable = cachePrompt && !sequence.model.fileInsights.isRecurrent;
    const shared = reusable ? commonPrefix(sequence.contextTokens, prompt) : 0;
    const start = Math.min(shared, prompt.length - 1);
    const end = sequence.nextTokenIndex;
    if (end > start) await this.#gate.erase(() => sequence.eraseContextTokenRanges([{ start, end }]));
    return sequence.nextTokenIndex;
  }

  /** Computes all but the last batch, a batch at a time, so that others and the signal get their turn between them. */
  async #prefill(tokens: Token[], signal: AbortSignal): Promise<Token[]> {
    const step = this.#sequence.context.batchSize;
    let start = 0;
    for (; tokens.length - start > step; start += step) {
      await this.#gate.whenOpen();
      signal.throwIfAborted();
      await this.#sequence.evaluateWithoutGeneratingNewTokens(tokens.slice(start, start + step));
    }
    return tokens.slice(start);
  }
}

/** Where probabilities are asked for, the library gives ours as its `confidence`. */
function readToken(value: Token | { readonly token: Token; readonly confidence: unknown }): DecodedToken {
  if (typeof value !== 'object') return { token: value };
  return { token: value.token, logprob: value.confidence as TokenLogprob };
}
