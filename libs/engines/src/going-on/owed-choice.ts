import { isObject } from '../request-body.js';
import { CannotContinue } from './cannot-continue.js';
import { indexOf, isIndexed, leafOf, pathTo, type Leaf } from './choice-leaves.js';
import type { Members } from './streamed-event.js';

/**
 * One choice of an answer that is given once more: holds back what its caller has already, however it is cut into
 * events this time.
 */
export class OwedChoice {
  readonly #owed: Map<string, Leaf>;
  /** Words that the caller knows; they stay held back when an engine repeats them. */
  readonly #words: ReadonlySet<string>;

  constructor(delivered: ReadonlyMap<string, Leaf>) {
    this.#owed = new Map(delivered);
    this.#words = new Set([...delivered].flatMap(([path, leaf]) => (leaf.kind === 'word' ? [path] : [])));
  }

  /** Whether all that was delivered has come again. */
  get caughtUp(): boolean {
    return this.#owed.size === 0;
  }

  /**
   * What is new in a piece of the choice; undefined when nothing is.
   * @throws CannotContinue when it says something else than was delivered
   */
  take(piece: Members): Members | undefined {
    const news = this.#newIn(piece, '') as Members | undefined;
    if (news === undefined) return undefined;
    if (!this.caughtUp) throw differs();
    return withEmpties(piece, news);
  }

  #newIn(value: unknown, path: string): unknown {
    if (Array.isArray(value) && isIndexed(value)) {
      const items = value.flatMap((item) => this.#newIn(item, pathTo(path, indexOf(item))) ?? []);
      return items.length === 0 ? undefined : items;
    }
    if (isObject(value)) return this.#newMembers(value, path);
    const leaf = leafOf(path, value);
    return leaf && this.#newLeaf(path, leaf);
  }

  #newMembers(value: Members, path: string): Members | undefined {
    const kept: Record<string, unknown> = {};
    let saysSomething = false;
    for (const [name, member] of Object.entries(value)) {
      const isAttribute = typeof member !== 'string' && !isHolder(member);
      const news = isAttribute ? member : this.#newIn(member, pathTo(path, name));
      if (news !== undefined) kept[name] = news;
      saysSomething ||= !isAttribute && news !== undefined;
    }
    return saysSomething ? kept : undefined;
  }

  #newLeaf(path: string, leaf: Leaf): unknown {
    const owed = this.#owed.get(path);
    if (leaf.kind === 'word') return this.#newWord(path, leaf.word, owed);
    if (leaf.kind === 'text') return this.#newText(path, leaf.text, owed?.kind === 'text' ? owed.text : '');
    return this.#newItems(path, leaf.items, owed?.kind === 'list' ? owed.items : []);
  }

  #newWord(path: string, word: string, owed: Leaf | undefined): string | undefined {
    if (!this.#words.has(path)) return word;
    // Only a reason to finish must be the same: ids are drawn anew each time.
    if (path === 'finish_reason' && owed?.kind === 'word' && owed.word !== word) throw differs();
    this.#owed.delete(path);
    return undefined;
  }

  #newText(path: string, text: string, owed: string): string | undefined {
    const length = Math.min(owed.length, text.length);
    if (owed.slice(0, length) !== text.slice(0, length)) throw differs();
    if (length === owed.length) this.#owed.delete(path);
    else this.#owed.set(path, { kind: 'text', text: owed.slice(length) });
    return length === text.length ? undefined : text.slice(length);
  }

  #newItems(
    path: string,
    items: readonly unknown[],
    owed: readonly unknown[],
  ): readonly unknown[] | undefined {
    const count = Math.min(owed.length, items.length);
    const same = items.slice(0, count).every((item, place) => textOf(item) === textOf(owed[place]));
    if (!same) throw differs();
    if (count === owed.length) this.#owed.delete(path);
    else this.#owed.set(path, { kind: 'list', items: owed.slice(count) });
    return count === items.length ? undefined : items.slice(count);
  }
}

/** What is new, in the order of the piece, with the members that readers expect to be there even if nothing is in them. */
function withEmpties(piece: Members, news: Members): Members {
  const empties: Members = { delta: {}, text: '', finish_reason: null };
  const kept = Object.keys(piece).filter((name) => name in news || name in empties);
  return Object.fromEntries(kept.map((name) => [name, name in news ? news[name] : empties[name]]));
}

function isHolder(value: unknown): boolean {
  return Array.isArray(value) || isObject(value);
}

/** Which token an element is about. Its probabilities may differ in the last digits. */
function textOf(item: unknown): unknown {
  if (typeof item === 'string') return item;
  return isObject(item) ? item['token'] : undefined;
}

export function differs(): CannotContinue {
  return new CannotContinue('Asked once more, the engine gave another answer than the one that broke off.');
}
