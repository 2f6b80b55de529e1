import { show, type JsonObject } from '../fields.js';
import { space, type GrammarBuilder } from './grammar-builder.js';
import { EMPTY, NEVER, choice, isNever, sequence, text, type GrammarNode } from './grammar-node.js';
import { readCountKeyword } from './keywords.js';
import type { ConvertInner } from './object-schema.js';
import { refuseKeyword } from './refuse-schema.js';

/**
 * A JSON array that satisfies a schema. The first items are written all, unless `maxItems` cuts them off; more follow
 * only where `items` asks for them, or where nothing is said about the first.
 * @throws RequestError
 */
export function arrayNode(
  schema: JsonObject,
  builder: GrammarBuilder,
  place: string,
  convert: ConvertInner,
): GrammarNode {
  const least = readCountKeyword(schema, 'minItems', place) ?? 0;
  const most = readCountKeyword(schema, 'maxItems', place);
  if (most !== undefined && most < least) return NEVER;
  const { first, further, keyword } = readItems(schema, place);
  const wanted = first.slice(0, most);
  const heads = wanted.map((inner, index) => convert(inner, `${place}/prefixItems/${index}`));
  const impossible = heads.findIndex(isNever);
  if (impossible >= 0 && impossible < least) return NEVER;
  const kept = impossible < 0 ? heads : heads.slice(0, impossible);
  const needed = least - kept.length;
  const asked = further ?? (first.length === 0 || needed > 0);
  const item = impossible >= 0 ? NEVER : convert(asked, `${place}/${keyword}`);
  if (isNever(item) && needed > 0) return NEVER;
  const room = most === undefined ? undefined : most - kept.length;
  const inner = items(kept, { item, least: Math.max(0, needed), most: room }, builder, place);
  return sequence(text('['), space(builder), inner, space(builder), text(']'));
}

interface Further {
  readonly item: GrammarNode;
  readonly least: number;
  readonly most: number | undefined;
}

function items(
  heads: readonly GrammarNode[],
  { item, least, most }: Further,
  builder: GrammarBuilder,
  place: string,
): GrammarNode {
  const comma = sequence(text(','), space(builder));
  const [head, ...rest] = heads;
  if (head !== undefined) {
    const followers = rest.map((node) => sequence(comma, node));
    return sequence(head, ...followers, builder.repeat(sequence(comma, item), least, most, place));
  }
  if (isNever(item) || most === 0) return EMPTY;
  const more = builder.repeat(sequence(comma, item), Math.max(0, least - 1), most && most - 1, place);
  return choice(least === 0 ? EMPTY : NEVER, sequence(item, more));
}

interface ReadItems {
  readonly first: readonly unknown[];
  readonly further: unknown;
  readonly keyword: string;
}

/** `items` was a list in older drafts. */
function readItems(schema: JsonObject, place: string): ReadItems {
  const { items: all, prefixItems, additionalItems } = schema;
  if (Array.isArray(all)) return { first: all, further: additionalItems, keyword: 'additionalItems' };
  if (prefixItems !== undefined && !Array.isArray(prefixItems))
    throw refuseKeyword('prefixItems', place, `must be a list, but is ${show(prefixItems)}`);
  return { first: prefixItems ?? [], further: all, keyword: 'items' };
}
