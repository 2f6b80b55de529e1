import { GRAMMAR_DEPTH_LIMIT, grammarDepth } from '../../../grammar-depth.js';
import { choice, isNever, repeat, rule, sequence, text, type GrammarNode } from './grammar-node.js';
import { pruneRules } from './prune-rules.js';
import { refuseSchema } from './refuse-schema.js';
import { writeGbnf } from './write-gbnf.js';

export const ROOT = 'root';

const RULE_LIMIT = 3_000;
const TEXT_LIMIT = 512 * 1024;

/** llama.cpp copies what is repeated so often, and refuses large numbers; more is built of blocks of this many. */
const BLOCK = 100;
const REPETITION_LIMIT = 100_000;

/** Collects the rules of a grammar. */
export class GrammarBuilder {
  readonly #rules = new Map<string, GrammarNode>();
  readonly #shared = new Map<string, string>();
  #names = 0;

  /** A rule that may be named before it is defined. */
  reserve(): string {
    if (this.#names >= RULE_LIMIT) throw refuseSchema('#', `needs more than ${RULE_LIMIT} grammar rules`);
    return `r${this.#names++}`;
  }

  define(name: string, node: GrammarNode): void {
    this.#rules.set(name, node);
  }

  /** Gives a node a rule of its own. What matches nothing stays visible as that. */
  own(node: GrammarNode): GrammarNode {
    if (isNever(node) || node.kind === 'rule') return node;
    const name = this.reserve();
    this.define(name, node);
    return rule(name);
  }

  /** A rule that is made once, at its first use; it may use itself. */
  shared(key: string, make: () => GrammarNode): GrammarNode {
    const known = this.#shared.get(key);
    if (known !== undefined) return rule(known);
    const name = this.reserve();
    this.#shared.set(key, name);
    this.define(name, make());
    return rule(name);
  }

  /** Repeats any node any number of times, within what llama.cpp takes. */
  repeat(node: GrammarNode, least: number, most: number | undefined, place: string): GrammarNode {
    if (least > REPETITION_LIMIT)
      throw refuseSchema(place, `asks for ${least} repetitions; ${REPETITION_LIMIT} are possible`);
    if (isNever(node)) return repeat(node, least, most);
    const item = node.kind === 'text' || node.kind === 'characters' ? node : this.own(node);
    const end = most === undefined ? undefined : Math.min(most, REPETITION_LIMIT);
    if (end !== undefined && end < least) return repeat(item, least, end);
    return sequence(
      this.#exactly(item, least),
      end === undefined ? repeat(item, 0, undefined) : this.#atMost(item, end - least),
    );
  }

  #exactly(item: GrammarNode, count: number): GrammarNode {
    if (count <= BLOCK) return repeat(item, count, count);
    const block = this.own(repeat(item, BLOCK, BLOCK));
    return sequence(
      this.#exactly(block, Math.floor(count / BLOCK)),
      repeat(item, count % BLOCK, count % BLOCK),
    );
  }

  #atMost(item: GrammarNode, count: number): GrammarNode {
    if (count <= BLOCK) return repeat(item, 0, count);
    const block = this.own(repeat(item, BLOCK, BLOCK));
    const rest = count % BLOCK;
    const blocks = Math.floor(count / BLOCK);
    // Fewer than all blocks may end anywhere; all of them only within the rest.
    return choice(
      sequence(this.#atMost(block, blocks - 1), repeat(item, 0, BLOCK)),
      sequence(this.#exactly(block, blocks), repeat(item, 0, rest)),
    );
  }

  /** The rules without what can never end, the root among them. @throws RequestError when nothing matches. */
  finish(root: GrammarNode): ReadonlyMap<string, GrammarNode> {
    this.define(ROOT, root);
    const pruned = pruneRules(this.#rules, ROOT);
    if (pruned.has(ROOT)) return pruned;
    throw refuseSchema('#', 'allows no value that comes to an end');
  }

  /** GBNF of the finished rules. */
  write(root: GrammarNode): string {
    const gbnf = writeGbnf(this.finish(root));
    if (gbnf.length > TEXT_LIMIT)
      throw refuseSchema('#', `makes a grammar of more than ${TEXT_LIMIT} characters`);
    if (grammarDepth(gbnf) > GRAMMAR_DEPTH_LIMIT) throw refuseSchema('#', 'is nested too deep');
    return gbnf;
  }
}

/** At most this much white space stands between two parts of JSON, so that no model gets lost in it. */
export function space(builder: GrammarBuilder): GrammarNode {
  return builder.shared('space', () =>
    choice(
      sequence(),
      text(' '),
      sequence(
        repeat(text('\n'), 1, 2),
        repeat(
          {
            kind: 'characters',
            ranges: [
              [9, 9],
              [32, 32],
            ],
          },
          0,
          20,
        ),
      ),
    ),
  );
}
