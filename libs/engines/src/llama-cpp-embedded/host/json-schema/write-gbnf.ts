import { isEmpty, type CharacterRange, type GrammarNode } from './grammar-node.js';

/** GBNF text, one rule a line. */
export function writeGbnf(rules: ReadonlyMap<string, GrammarNode>): string {
  return [...rules].map(([name, node]) => `${name} ::= ${writeOptions(node)}\n`).join('');
}

function writeOptions(node: GrammarNode): string {
  return node.kind === 'choice' ? node.options.map(writeItems).join(' | ') : writeItems(node);
}

function writeItems(node: GrammarNode): string {
  if (isEmpty(node)) return '""';
  return node.kind === 'sequence' ? node.items.map(writeItem).join(' ') : writeItem(node);
}

function writeItem(node: GrammarNode): string {
  switch (node.kind) {
    case 'text':
      return `"${Array.from(node.text, (character) => escape(character.codePointAt(0) ?? 0)).join('')}"`;
    case 'characters':
      return `[${node.ranges.map(writeRange).join('')}]`;
    case 'rule':
      return node.name;
    case 'repeat':
      return writeItem(node.item) + writeCounts(node.least, node.most);
    default:
      return `(${writeOptions(node)})`;
  }
}

function writeCounts(least: number, most: number | undefined): string {
  if (most === undefined) return least === 0 ? '*' : least === 1 ? '+' : `{${least},}`;
  if (least === 0 && most === 1) return '?';
  return least === most ? `{${least}}` : `{${least},${most}}`;
}

function writeRange([first, last]: CharacterRange): string {
  return first === last ? escape(first) : `${escape(first)}-${escape(last)}`;
}

/** Letters, digits and spaces as they are; all else by number, so that nothing needs to be quoted. */
function escape(codePoint: number): string {
  const character = String.fromCodePoint(codePoint);
  if (/[A-Za-z0-9 ]/.test(character)) return character;
  const digits = codePoint.toString(16).toUpperCase();
  if (codePoint <= 0xff) return `\\x${digits.padStart(2, '0')}`;
  return codePoint <= 0xffff ? `\\u${digits.padStart(4, '0')}` : `\\U${digits.padStart(8, '0')}`;
}
