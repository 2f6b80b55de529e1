import type { GgufValue } from './gguf-values.js';
import type { GgufHeader } from './read-gguf-header.js';

export interface MemoryDemand {
  /** Tokens one request may use. */
  readonly contextSize: number;
  /** Requests at once; each has a context of its own. */
  readonly slots: number;
  /** Bytes of one number in the cache: 2 for f16. */
  readonly cacheElementBytes?: number;
  /** Tokens computed at once (`n_ubatch`). */
  readonly batchSize?: number;
}

/** Bytes an engine needs for a model, by what they are for. */
export interface MemoryEstimate {
  readonly weights: number;
  readonly keyValueCache: number;
  readonly compute: number;
  readonly total: number;
  /** What to admit a model on: `total` with room for what the formula does not know and for the engine itself. */
  readonly admission: number;
}

const UNKNOWN_SHARE = 1.1;
const ENGINE_BYTES = 100 * 1024 * 1024;
const FLOAT_BYTES = 4;

/**
 * What a model of llama.cpp's kind costs in memory: its weights, a cache of every attention layer for every token, and
 * the results of the widest layers for one batch. An upper bound for models that keep less than the whole context
 * (sliding windows, compressed or recurrent attention); what a header does not say counts as nothing.
 */
export function estimateMemory(header: GgufHeader, demand: MemoryDemand): MemoryEstimate {
  const { contextSize, slots, cacheElementBytes = 2, batchSize = 512 } = demand;
  const weights = header.tensorBytes;
  const keyValueCache = contextSize * slots * cachedNumbers(header) * cacheElementBytes;
  const widest = vocabularySize(header) + (ownNumber(header, 'embedding_length') ?? 0);
  const compute = Math.min(batchSize, contextSize * slots) * widest * FLOAT_BYTES;
  const total = weights + keyValueCache + compute;
  return {
    weights,
    keyValueCache,
    compute,
    total,
    admission: Math.ceil(total * UNKNOWN_SHARE) + ENGINE_BYTES,
  };
}

/** Numbers that all layers together keep of one token. */
function cachedNumbers(header: GgufHeader): number {
  if (own(header, 'attention.causal') === false) return 0;
  const layers = ownNumber(header, 'block_count') ?? 0;
  const heads = own(header, 'attention.head_count');
  const keyValueHeads = own(header, 'attention.head_count_kv') ?? heads;
  const embedding = ownNumber(header, 'embedding_length') ?? 0;
  let numbers = 0;
  for (let layer = 0; layer < layers; layer += 1) {
    const ofLayer = atLayer(heads, layer);
    const perHead = ofLayer === 0 ? 0 : embedding / ofLayer;
    const key = ownNumber(header, 'attention.key_length') ?? perHead;
    const value = ownNumber(header, 'attention.value_length') ?? perHead;
    numbers += atLayer(keyValueHeads, layer) * (key + value);
  }
  return numbers;
}

function vocabularySize(header: GgufHeader): number {
  return header.arrayLengths.get('tokenizer.ggml.tokens') ?? ownNumber(header, 'vocab_size') ?? 0;
}

/** A key of the model's architecture. */
function own({ architecture, metadata }: GgufHeader, key: string): GgufValue | undefined {
  return architecture === undefined ? undefined : metadata.get(`${architecture}.${key}`);
}

function ownNumber(header: GgufHeader, key: string): number | undefined {
  const value = own(header, key);
  return typeof value === 'number' && value >= 0 ? value : undefined;
}

/** One number for all layers, or one for each. */
function atLayer(value: GgufValue | undefined, layer: number): number {
  const number: unknown = Array.isArray(value) ? value[layer] : value;
  return typeof number === 'number' && number > 0 ? number : 0;
}
