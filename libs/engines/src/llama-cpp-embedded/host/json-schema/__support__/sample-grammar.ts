import type { GrammarNode } from '../grammar-node.js';

export type Rules = ReadonlyMap<string, GrammarNode>;

/** After so many choices a sample takes the shortest way to its end. */
const FREE_CHOICES = 400;

/** Repetition without end is sampled up to this. */
const MOST_REPEATS = 4;

/** Writes texts that a grammar allows. `random` gives numbers from 0 to below 1. */
export class GrammarSampler {
  readonly #costs = new Map<string, number>();
  readonly #rules: Rules;
  readonly #random: () => number;
  #choices = 0;

  constructor(rules: Rules, random: () => number) {
    this.#rules = rules;
    this.#random = random;
    for (let changed = true; changed;) {
      changed = false;
      for (const [name, node] of rules) {
        const cost = this.#cost(node) + 1;
        if (cost >= (this.#costs.get(name) ?? Infinity)) continue;
        this.#costs.set(name, cost);
        changed = true;
      }
    }
  }

  sample(): string {
    this.#choices = 0;
    const parts: string[] = [];
    const open: GrammarNode[] = [{ kind: 'rule', name: 'root' }];
    for (let node = open.pop(); node !== undefined; node = open.pop()) {
      if (node.kind === 'text') parts.push(node.text);
      else if (node.kind === 'characters') parts.push(this.#character(node.ranges));
      else open.push(...this.#expand(node).toReversed());
    }
    return parts.join('');
  }

  #expand(node: Exclude<GrammarNode, { kind: 'text' | 'characters' }>): readonly GrammarNode[] {
    switch (node.kind) {
      case 'sequence':
        return node.items;
      case 'choice':
        return [this.#choose(node.options)];
      case 'repeat': {
        const most = Math.min(node.most ?? Infinity, node.least + MOST_REPEATS);
        const free =
          ++this.#choices < FREE_CHOICES ? Math.floor(this.#random() * (most - node.least + 1)) : 0;
        return Array.from({ length: node.least + free }, () => node.item);
      }
      default: {
        const target = this.#rules.get(node.name);
        if (target === undefined) throw new Error(`The grammar has no rule ${node.name}.`);
        return [target];
      }
    }
  }

  #choose(options: readonly GrammarNode[]): GrammarNode {
    const index = Math.floor(this.#random() * options.length);
    const chosen =
      ++this.#choices < FREE_CHOICES
        ? options[index]
        : options.toSorted((a, b) => this.#cost(a) - this.#cost(b))[0];
    if (chosen === undefined) throw new Error('A choice has no options.');
    return chosen;
  }

  #character(ranges: readonly (readonly [number, number])[]): string {
    const [first, last] = ranges[Math.floor(this.#random() * ranges.length)] ?? [0, 0];
    // Ends of ranges are where mistakes are.
    const places = [first, last, first + Math.floor(this.#random() * (last - first + 1))];
    return String.fromCodePoint(places[Math.floor(this.#random() * 3)] ?? first);
  }

  #cost(node: GrammarNode): number {
    switch (node.kind) {
      case 'text':
      case 'characters':
        return 1;
      case 'sequence':
        return node.items.reduce((sum, item) => sum + this.#cost(item), 0);
      case 'choice':
        return Math.min(...node.options.map((option) => this.#cost(option)));
      case 'repeat':
        return node.least === 0 ? 0 : node.least * this.#cost(node.item);
      default:
        return this.#costs.get(node.name) ?? Infinity;
    }
  }
}

/** The same numbers for the same seed. */
export function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
