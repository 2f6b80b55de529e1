import { jsonCharacter, PLAIN_CHARACTERS, type CharacterSet } from './character-set.js';
import type { GrammarBuilder } from './grammar-builder.js';
import { EMPTY, choice, isNever, sequence, type GrammarNode } from './grammar-node.js';
import { ANY_BUT_LINE_ENDS, only, readClass, readEscape } from './pattern-characters.js';

/** Text inside the quotes of a JSON string, and how many characters it can have. */
export interface TextShape {
  readonly node: GrammarNode;
  readonly least: number;
  readonly most: number;
}

/** Why a pattern cannot be kept. */
export class PatternError extends Error {
  override readonly name = 'PatternError';
}

const LENGTH_LIMIT = 2_000;
const DEPTH_LIMIT = 40;
const NOTHING: TextShape = { node: EMPTY, least: 0, most: 0 };

/**
 * The strings in which a regular expression finds itself: characters, classes, groups, alternatives, counts, and
 * anchors at the two ends. @throws PatternError for the rest of the language.
 */
export function readPattern(pattern: string, builder: GrammarBuilder, place: string): TextShape {
  if (pattern.length > LENGTH_LIMIT) throw new PatternError(`has more than ${LENGTH_LIMIT} characters`);
  return new PatternReader(pattern, builder, place).read();
}

class PatternReader {
  #at = 0;
  #depth = 0;

  constructor(
    private readonly pattern: string,
    private readonly builder: GrammarBuilder,
    private readonly place: string,
  ) {}

  read(): TextShape {
    const options = [this.#branch()];
    while (this.#take('|')) options.push(this.#branch());
    if (this.#at < this.pattern.length) throw new PatternError(`has ")" without "(" at ${this.#at}`);
    return alternatives(options);
  }

  /** One alternative of the whole pattern: without an anchor, anything may stand before it or after it. */
  #branch(): TextShape {
    const before = this.#take('^') ? NOTHING : this.#anything();
    const inner = this.#items();
    const after = this.#take('$') ? NOTHING : this.#anything();
    return inSequence([before, inner, after]);
  }

  #anything(): TextShape {
    const node = this.builder.repeat(jsonCharacter(PLAIN_CHARACTERS), 0, undefined, this.place);
    return { node, least: 0, most: Number.POSITIVE_INFINITY };
  }

  #items(): TextShape {
    const items: TextShape[] = [];
    for (;;) {
      const next = this.pattern[this.#at];
      const ends = next === undefined || next === '|' || next === ')';
      if (ends || (next === '$' && this.#depth === 0)) return inSequence(items);
      items.push(this.#counted(this.#item()));
    }
  }

  #item(): TextShape {
    const start = this.#at;
    const next = this.pattern[start] ?? '';
    if (next === '(') return this.#group();
    if (next === '[') return this.#characters(readClass(this.pattern, start + 1), 'a class it does not know');
    if (next === '\\')
      return this.#characters(readEscape(this.pattern, start + 1), 'an escape it does not know');
    if (next === '.') return this.#characters({ set: ANY_BUT_LINE_ENDS, end: start + 1 }, '');
    if ('^$*+?{'.includes(next))
      throw new PatternError(`has "${next}" where it is not supported, at ${start}`);
    const codePoint = this.pattern.codePointAt(start) ?? 0;
    const end = start + String.fromCodePoint(codePoint).length;
    return this.#characters({ set: only(codePoint), end }, '');
  }

  #characters(read: { set: CharacterSet; end: number } | undefined, unknown: string): TextShape {
    if (read === undefined) throw new PatternError(`has ${unknown}, at ${this.#at}`);
    const node = jsonCharacter(read.set);
    if (isNever(node)) throw new PatternError(`has a class that no JSON text can match, at ${this.#at}`);
    this.#at = read.end;
    return { node, least: 1, most: 1 };
  }

  #group(): TextShape {
    const start = this.#at;
    const opening = /^\((?:\?:|\?<[A-Za-z_]\w*>|(?!\?))/.exec(this.pattern.slice(start, start + 80));
    if (opening === null) throw new PatternError(`looks ahead or behind, at ${start}`);
    if (++this.#depth > DEPTH_LIMIT) throw new PatternError(`nests its groups deeper than ${DEPTH_LIMIT}`);
    this.#at += opening[0].length;
    const options = [this.#items()];
    while (this.#take('|')) options.push(this.#items());
    if (!this.#take(')')) throw new PatternError(`has "(" without ")", at ${start}`);
    this.#depth -= 1;
    return alternatives(options);
  }

  #counted(item: TextShape): TextShape {
    const count = /^(?:([*+?])|\{(\d{1,6})(?:(,)(\d{0,6}))?\})\??/.exec(
      this.pattern.slice(this.#at, this.#at + 20),
    );
    if (count === null) return item;
    this.#at += count[0].length;
    const [, sign, low = '0', comma, high = ''] = count;
    const least = sign === undefined ? Number(low) : sign === '+' ? 1 : 0;
    const bounded = sign === undefined ? comma === undefined || high !== '' : sign === '?';
    const most = !bounded ? undefined : sign === '?' ? 1 : comma === undefined ? least : Number(high);
    if (most !== undefined && most < least) throw new PatternError(`counts backwards in "${count[0]}"`);
    if (item.least === 0 && most === undefined)
      throw new PatternError(`repeats without end what may be empty, with "${count[0]}"`);
    return {
      node: this.builder.repeat(item.node, least, most, this.place),
      least: item.least * least,
      most: item.most === 0 || most === 0 ? 0 : item.most * (most ?? Number.POSITIVE_INFINITY),
    };
  }

  #take(character: string): boolean {
    if (this.pattern[this.#at] !== character) return false;
    this.#at += 1;
    return true;
  }
}

function alternatives(options: readonly TextShape[]): TextShape {
  return {
    node: choice(...options.map((option) => option.node)),
    least: Math.min(...options.map((option) => option.least)),
    most: Math.max(...options.map((option) => option.most)),
  };
}

function inSequence(items: readonly TextShape[]): TextShape {
  return {
    node: sequence(...items.map((item) => item.node)),
    least: items.reduce((sum, item) => sum + item.least, 0),
    most: items.reduce((sum, item) => sum + item.most, 0),
  };
}
