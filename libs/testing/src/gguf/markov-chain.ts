import { createRandom } from './random.js';

/** What should follow what, over token ids. */
export interface MarkovChain {
  readonly tokens: number;
  /** From a token to those that may follow it, each equally likely. */
  readonly successors: ReadonlyMap<number, readonly number[]>;
  readonly end: number;
  /** Logits that tokens have whatever stands before them, for output that a grammar binds. */
  readonly priors: ReadonlyMap<number, number>;
}

/** Vectors whose inner products are the logits: of an input token's embedding with each output row. */
export interface ChainVectors {
  readonly embeddings: readonly Float32Array[];
  readonly outputs: readonly Float32Array[];
  /** How far, in logits, the right successors are above the best wrong one, at the worst place of the chain. */
  readonly margin: number;
}

/** Logit of a right successor. */
const SIGNAL = 48;
/** Logit of the end after a token that does not end a script. */
const END_PRIOR = 30;
/** Dimensions with a meaning: one that is always 1 and carries priors, and one that tells what ends a script. */
const CONSTANT = 0;
const ENDS = 1;
const FIRST_FREE = 2;
const SEEDS = 12;

/**
 * Vectors of ones and minus ones, so that their root mean square is exactly 1, at random: a successor's row points at
 * the embeddings of its predecessors, every other inner product is small. The first seed that is good enough is taken.
 * @throws Error when no seed leaves a margin of `leastMargin`
 */
export function buildVectors(chain: MarkovChain, dimensions: number, leastMargin: number): ChainVectors {
  let best = -Infinity;
  for (let seed = 1; seed <= SEEDS; seed++) {
    const vectors = vectorsOfSeed(chain, dimensions, seed);
    if (vectors.margin >= leastMargin) return vectors;
    best = Math.max(best, vectors.margin);
  }
  throw new Error(`The best margin of ${SEEDS} seeds is ${best} logits; it should be ${leastMargin}.`);
}

function vectorsOfSeed(chain: MarkovChain, dimensions: number, seed: number): ChainVectors {
  const embeddings = Array.from({ length: chain.tokens }, (_, token) =>
    embed(token, { chain, dimensions, seed }),
  );
  const outputs = buildOutputs(chain, embeddings, dimensions);
  return { embeddings, outputs, margin: leastMarginOf(chain, embeddings, outputs) };
}

function embed(
  token: number,
  { chain, dimensions, seed }: { chain: MarkovChain; dimensions: number; seed: number },
): Float32Array {
  const random = createRandom(seed * 1_000_003 + token);
  const vector = new Float32Array(dimensions);
  for (let i = FIRST_FREE; i < dimensions; i++) vector[i] = random() & 0x80000000 ? 1 : -1;
  vector[CONSTANT] = 1;
  vector[ENDS] = chain.successors.get(token)?.includes(chain.end) ? 1 : -1;
  return vector;
}

function buildOutputs(
  chain: MarkovChain,
  embeddings: readonly Float32Array[],
  dimensions: number,
): readonly Float32Array[] {
  const outputs = embeddings.map(() => new Float32Array(dimensions));
  for (const [token, prior] of chain.priors) add(outputs[token], CONSTANT, prior);
  add(outputs[chain.end], CONSTANT, (SIGNAL + END_PRIOR) / 2);
  add(outputs[chain.end], ENDS, (SIGNAL - END_PRIOR) / 2);
  const weight = SIGNAL / (dimensions - FIRST_FREE);
  for (const [from, successors] of chain.successors) {
    for (const to of successors) {
      if (to === chain.end) continue;
      for (let i = FIRST_FREE; i < dimensions; i++)
        add(outputs[to], i, weight * (embeddings[from]?.[i] ?? 0));
    }
  }
  return outputs;
}

function add(row: Float32Array | undefined, index: number, value: number): void {
  if (row === undefined) throw new Error('The chain names a token that is not in the vocabulary.');
  row[index] = (row[index] ?? 0) + value;
}

function leastMarginOf(
  chain: MarkovChain,
  embeddings: readonly Float32Array[],
  outputs: readonly Float32Array[],
): number {
  let least = Infinity;
  for (const [from, successors] of chain.successors) {
    const embedding = embeddings[from];
    if (embedding === undefined) throw new Error(`The chain names token ${from}, which does not exist.`);
    let right = Infinity;
    let wrong = -Infinity;
    for (const [token, row] of outputs.entries()) {
      const logit = innerProduct(embedding, row);
      if (successors.includes(token)) right = Math.min(right, logit);
      else wrong = Math.max(wrong, logit);
    }
    least = Math.min(least, right - wrong);
  }
  return least;
}

function innerProduct(left: Float32Array, right: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < left.length; i++) sum += (left[i] ?? 0) * (right[i] ?? 0);
  return sum;
}
