/** First and last code point, both included. */
export type CharacterRange = readonly [number, number];

/** A context-free grammar as data. `rule` names another one. */
export type GrammarNode =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'characters'; readonly ranges: readonly CharacterRange[] }
  | { readonly kind: 'sequence'; readonly items: readonly GrammarNode[] }
  | { readonly kind: 'choice'; readonly options: readonly GrammarNode[] }
  | {
      readonly kind: 'repeat';
      readonly item: GrammarNode;
      readonly least: number;
      /** Undefined for any number. */
      readonly most: number | undefined;
    }
  | { readonly kind: 'rule'; readonly name: string };

/** Matches nothing at all, not even the empty text. */
export const NEVER: GrammarNode = { kind: 'choice', options: [] };

/** Matches the empty text. */
export const EMPTY: GrammarNode = { kind: 'sequence', items: [] };

export function isNever(node: GrammarNode): boolean {
  return node.kind === 'choice' && node.options.length === 0;
}

export function isEmpty(node: GrammarNode): boolean {
  return node.kind === 'sequence' && node.items.length === 0;
}

export function text(value: string): GrammarNode {
  return value === '' ? EMPTY : { kind: 'text', text: value };
}

export function characters(ranges: readonly CharacterRange[]): GrammarNode {
  return ranges.length === 0 ? NEVER : { kind: 'characters', ranges };
}

export function sequence(...items: readonly GrammarNode[]): GrammarNode {
  if (items.some(isNever)) return NEVER;
  const flat = items.flatMap((item) => (item.kind === 'sequence' ? item.items : [item]));
  const [only] = flat;
  return flat.length === 1 && only !== undefined ? only : { kind: 'sequence', items: flat };
}

export function choice(...options: readonly GrammarNode[]): GrammarNode {
  const flat = options.flatMap((option) => (option.kind === 'choice' ? option.options : [option]));
  const [only] = flat;
  return flat.length === 1 && only !== undefined ? only : { kind: 'choice', options: flat };
}

/** `most` undefined repeats without end; an item that can be empty must not be repeated so. */
export function repeat(item: GrammarNode, least: number, most: number | undefined): GrammarNode {
  if (most !== undefined && most < least) return NEVER;
  if (most === 0 || isEmpty(item)) return EMPTY;
  if (isNever(item)) return least === 0 ? EMPTY : NEVER;
  return least === 1 && most === 1 ? item : { kind: 'repeat', item, least, most };
}

export function optional(item: GrammarNode): GrammarNode {
  return repeat(item, 0, 1);
}

export function rule(name: string): GrammarNode {
  return { kind: 'rule', name };
}
