import type { GrammarNode } from '../grammar-node.js';
import type { Rules } from './sample-grammar.js';

/** What is still to match, as a list; `undefined` at its end. */
interface Rest {
  readonly node: GrammarNode;
  readonly next: Rest | undefined;
}

/** Whether a grammar allows a text: tries all ways, so only for short texts and grammars without left recursion. */
export function hasText(rules: Rules, text: string): boolean {
  const points = Array.from(text);
  const match = (rest: Rest | undefined, at: number): boolean => {
    if (rest === undefined) return at === points.length;
    const { node, next } = rest;
    switch (node.kind) {
      case 'text': {
        const expected = Array.from(node.text);
        return (
          expected.every((point, index) => points[at + index] === point) && match(next, at + expected.length)
        );
      }
      case 'characters': {
        const point = points[at]?.codePointAt(0);
        if (point === undefined) return false;
        return node.ranges.some(([first, last]) => first <= point && point <= last) && match(next, at + 1);
      }
      case 'sequence':
        return match(
          node.items.reduceRight<Rest | undefined>((after, item) => ({ node: item, next: after }), next),
          at,
        );
      case 'choice':
        return node.options.some((option) => match({ node: option, next }, at));
      case 'rule': {
        const target = rules.get(node.name);
        return target !== undefined && match({ node: target, next }, at);
      }
      default: {
        if (node.least === 0 && match(next, at)) return true;
        if (node.most === 0 || at > points.length) return false;
        const again = { ...node, least: Math.max(0, node.least - 1), most: node.most && node.most - 1 };
        return match({ node: node.item, next: { node: again, next } }, at);
      }
    }
  };
  return match({ node: { kind: 'rule', name: 'root' }, next: undefined }, 0);
}
